"""The page: its parts, charts, tables and templates."""
