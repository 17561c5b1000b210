"""What callers hear, one thing at a time, and questions that they answer by keys.

Door: `hearing` (answer, waiting sound, prompts), `questions`.
Must not: know what a prompt or an answer is for.
"""
