"""What is sent: cases with their claims, and the corpus that is made, drawn, frozen and kept."""
