"""From events to visits."""
