"""What is said about a paragraph: comments and answers, and who sees which."""
