"""Good letters to start from: short, about their work, one thing asked. A workspace copies one and makes it its own.

They do not sign: the sender identity's signature and the legal lines follow every letter (letters.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from campaigns.rendering import BUILT_IN, names_in


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
    Starter(
        key="interview",
        name="Question for an expert",
        category="Guest posts",
        why="You write about their subject, and would like to quote them.",
        subject="One question about {topic}, for an article",
        body="""Hi {first_name|there},

I am writing an article on {topic} for {your_site}, and your name came up each time that I looked for somebody who \
does it rather than talks about it.

Would you answer one question for it? What do people who begin with {topic} get wrong most often? Two or three \
sentences are plenty; I would quote them as they are, with your name and a link to {website}, and show you the page \
before it is published.
""",
    ),
    Starter(
        key="update",
        name="Newer figures",
        category="Repairs",
        why="A page of theirs leans on old numbers, and you publish new ones.",
        subject="Newer figures for your page on {topic}",
        body="""Hi {first_name|there},

Your page on {topic} is the one that I send people to. One thing in it has aged: {old_figure|some of the numbers} \
have changed since it was written.

We collect them every year and publish them with their sources at {your_site}. Take whatever helps; shall I send you \
the exact lines?
""",
    ),
    Starter(
        key="follow-up-short",
        name="Follow-up: short reminder",
        category="Follow-ups",
        why="Three to five working days after the first letter, to whoever has not answered.",
        subject="{topic} for {website}: still of interest?",
        body="""Hi {first_name|there},

My letter of last week may have come at a busy time, so here it is in one sentence: I would like to write an article \
on {topic} for {website}, for your readers alone.

Shall I send you an outline? A short “no” is fine too, and I will not write again.
""",
    ),
    Starter(
        key="follow-up-something-new",
        name="Follow-up: something new",
        category="Follow-ups",
        why="The second and last one: it brings something instead of asking again.",
        subject="A first outline for {website}",
        body="""Hi {first_name|there},

Rather than ask again, here is what I had in mind for {website}: what people try first with {topic}, why it fails, \
and the three steps that work, each with a photograph of our own.

If that is of use to you, tell me and I will write it. If not, this was my last letter on it, and thank you for your \
time.
""",
    ),
)


# Fields that these letters speak of, each with a fallback, and that no lead has before somebody fills them.
OWN_NAMES = frozenset(name for one in STARTERS for name in names_in(one.subject, one.body)) - set(BUILT_IN)


def starter(key: str) -> Starter | None:
    return next((one for one in STARTERS if one.key == key), None)
