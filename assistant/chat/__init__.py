"""The conversation in the terminal: questions in, checked statements out one by one, with sources to open."""

from assistant.chat.answering import answer_in
from assistant.chat.conversation import Conversation
from assistant.chat.loop import Chat, Parts
from assistant.chat.screen import Screen

__all__ = ["Chat", "Conversation", "Parts", "Screen", "answer_in"]
