"""What agents type. A form only reads and checks the shape; actions decide."""
