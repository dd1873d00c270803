"""What is shown, whoever shows it: jobs, queues, circuits and all else as records in the shape of their JSON.

A record is a dict with ISO 8601 times and string ids; addresses and numbers in it are masked unless somebody asked for
them. Commands, the HTTP API and pages print these and make no others. Knows no terminal, no HTTP and no HTML.
"""
