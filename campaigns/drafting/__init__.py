"""Drafts of letters, with the help of OpenAI: asked for here, looked at by a person, and never sent by themselves."""
