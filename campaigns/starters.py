"""Good letters to start from: short, about their work, one thing asked. A workspace copies one and makes it its own.

They do not sign: the sender identity's signature and the legal lines follow every letter (letters.py).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Starter:
    key: str
    name: str
    category: str
    why: str  # when to use it, in a sentence
    subject: str
    body: str


STARTERS = (
    Starter(
        key="guest-article",
        name="Guest article",
        category="Guest posts",
        why="You would like to write something for their readers.",
        subject="An article on {topic} for {website}?",
        body="""Hi {first_name|there},

I have been reading {website} while working on {topic}, and kept coming back to how practical your pieces are: one \
problem, one way to solve it.

I would like to write one like that for you. It would be about {topic}, with our own photographs and numbers, written \
for your readers and published nowhere else. I am glad to send an outline first.

You can see how we write at {your_site}. Would that be useful to you?
""",
    ),
    Starter(
        key="resource",
        name="Resource worth listing",
        category="Resource pages",
        why="They keep a list of useful pages, and yours belongs on it.",
        subject="A page your {topic} readers may like",
        body="""Hi {first_name|there},

I found the reading list on {website} when I looked for good material on {topic}. Two of the pages there were new to \
me, thank you for keeping it.

We publish a free guide to the same subject at {your_site}. It has no sign-up and no advertising, and we update it \
every season. If you think that it helps your readers, I would be glad to see it on your list. If it does not fit, no \
answer is needed.
""",
    ),
    Starter(
        key="broken-link",
        name="Broken link",
        category="Repairs",
        why="A link of theirs leads nowhere, and you have a page that answers the same question.",
        subject="A link on {website} that leads nowhere",
        body="""Hi {first_name|there},

While reading your page on {topic} I came across a link that no longer works: {broken_link|the one to the guide in \
the middle of the page}.

We have a page that answers the same question: {your_site}. If you are looking for a replacement, feel free to use \
it. Either way I thought that you would want to know.

Thank you for a site that I learn from.
""",
    ),
    Starter(
        key="mention",
        name="Thank you for the mention",
        category="Mentions",
        why="They wrote about you and did not link.",
        subject="Thank you for mentioning us",
        body="""Hi {first_name|there},

Thank you for mentioning our work on {website}; it made my week.

One small thing: readers who would like to know more about {topic} cannot get to us from there. Would you turn our \
name into a link to {your_site}? And if I can check a fact or send a photograph for that page, just say so.
""",
    ),
)


def starter(key: str) -> Starter | None:
    return next((one for one in STARTERS if one.key == key), None)
