"""JSON Schemas: read from files that refer to one another, judged, and explained."""
