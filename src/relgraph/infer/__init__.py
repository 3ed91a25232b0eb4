"""What is concluded without a declaration, each conclusion with its evidence."""
