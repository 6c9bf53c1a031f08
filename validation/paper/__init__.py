"""The tables and figures of the TDSNN paper beside what this project measures."""
