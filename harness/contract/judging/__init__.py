"""What is wrong with one answer, or between two: rules, comparisons, and findings."""
