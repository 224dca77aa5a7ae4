"""What makes a yes or a no doubtful: "later", "I would have to ask", and words that mean the opposite."""

from __future__ import annotations

from inbox.phrasebook import Phrasebook

# Not yet a no: somebody who says "later" may be asked again, and somebody who has to ask does not know yet.
LATER = Phrasebook(
    r"\b(?:try|check|reach out|get back|circle back|come back|contact (?:me|us)|e-?mail (?:me|us)|ask"
    r"|write|ping|follow up)(?: \w+){0,4} (?:again|in (?:a few|the|\w+ (?:weeks?|months?)|january|february"
    r"|march|april|may|june|july|august|september|october|november|december|spring|summer|autumn|fall"
    r"|q[1-4])|next|later)\b"
    r"|\bmaybe (?:later|next|in|another|some)|\b(?:perhaps|possibly|maybe)(?: \w+){0,4} (?:later|next"
    r"|future)|\bin the (?:future|new year)\b|\bnext (?:quarter|year|month|spring|summer|time)\b"
    r"|\bdown the (?:road|line)\b|\bkeep (?:you|your|this)(?: \w+){0,3} (?:in mind|on file)\b"
    r"|\blater (?:this|in) |\bagain (?:after|in|next|around|once|when)\b|\b(?:come|circle|get|check) back (?:to (?:me"
    r"|us) )?(?:in|after|next|around|when|later)\b|\bafter (?:the )?(?:summer|winter|holidays|easter|christmas|new year"
    r"|break)\b|\bun autre moment|\bplus tard\b|\bsp[äa]ter\b|\bm[áa]s adelante\b"
    r"|\bpi[ùu] avanti\b|\bmisschien later\b|\bfuturamente\b|\bw przysz[łl]o[śs]ci\b"
    r"|\bpeut-[êe]tre (?:plus tard|[àa] la rentr[ée]e|en|l'|une autre)|\b[àa] la rentr[ée]e\b|\b(?:recontactez|revenez"
    r"|relancez)(?:[- ](?:moi|nous))? (?:en|dans|plus|apr[èe]s|[àa]|l')|\bpas (?:pour l'instant|en ce moment"
    r"|actuellement)\b"
    r"|\b(?:vielleicht|eventuell|evtl\.?)(?: \w+){0,3} (?:sp[äa]ter|n[äa]chste\w*|im|wieder|noch)|\b(?:im"
    r"|n[äa]chste\w*) (?:herbst|fr[üu]hjahr|fr[üu]hling|sommer|winter|jahr|quartal|monat)\b|\b(?:zurzeit|zur zeit"
    r"|derzeit|momentan|aktuell|gerade) (?:\w+ )?(?:nicht|keine?\w*|ungelegen|schlecht)"
    r"|\b(?:quiz[áa]s?|tal vez|a lo mejor)(?: \w+){0,3} (?:m[áa]s adelante|luego|pr[óo]xim\w+|en|despu[ée]s)"
    r"|\b(?:por ahora|de momento|ahora) no\b|\bforse (?:pi[ùu]|in|dopo|tra)|\b(?:per ora|al momento|adesso) no\b"
    r"|\btalvez (?:mais|no|em|depois)|\bpor agora n[ãa]o"
    r"|\b(?:misschien|wellicht)(?: \w+){0,3} (?:later|volgend\w*|na|in|eens)|\bnu even niet\b"
    r"|\bmo[żz]e (?:p[óo][źz]niej|w|za|kiedy)|\bna razie nie\b|\b(?:kanske|m[åa]ske|kanskje)(?: \w+){0,3} (?:senare"
    r"|senere|n[äa]sta|n[æe]ste|i|efter|etter)|\binte just nu\b|\bikke lige nu\b|\bikke akkurat n[åa]\b"
    r"|\b(?:i|we)(?:'d|'ll| would| will|'ve|'m| am)? (?:have|need|going) to "
    r"(?:ask|check|see|discuss|think|talk|run (?:it|this))\b"
    r"|\blet (?:me|us) (?:ask|check|think|see|discuss|talk)\b"
    r"|\b(?:might|may|could|can) (?:\w+ )?(?:make|be) an exception\b"
    r"|\b(?:muss|m[üu]sste|m[üu]ssen|m[üu]ssten)(?: \w+){0,3} (?:fragen|nachfragen|abkl[äa]ren|besprechen|kl[äa]ren)\b"
    r"|\b(?:il faudrait que|je dois|je devrais|nous devons)(?: \w+){0,2} (?:demand\w+|v[ée]rifi\w+|en parler)"
    r"|\b(?:tengo|tendr[íi]a|debo) que (?:pregunt|consult|habl)\w+"
    r"|\b(?:devo|dovrei|dobbiamo) (?:chiedere|sentire|parlarne)"
    r"|\bmoet(?: ik)?(?: \w+){0,3} (?:navragen|overleggen|vragen)\b|\bmusz[ęe] (?:zapyta[ćc]|skonsultowa[ćc])"
    r"|\b(?:tenho|teria) (?:de|que) (?:pergunt|consult|fal)\w+"
    r"|\behk[äa] my[öo]hemmin|\bmo[žz]n[áa] pozd[ěe]ji|позже|в другой раз|может быть|また(?:の|今)?機会|以后再|以後再",
)

# Nobody should trust a machine with irony: a person reads it.
SARCASM = Phrasebook(
    r"\b(?:oh,? )?(?:great|wonderful|lovely|fantastic|brilliant|joy|wow|yay),? (?:just )?(?:another|one more"
    r"|yet another|more) (?:\w+ ){0,3}(?:e-?mails?|pitch(?:es)?|seo|guest|links?|spam|requests?|letters?)\b"
    r"|\b(?:just )?what (?:the world|i|we|the internet) (?:always )?(?:needs?|needed|wanted)\b|\bhow (?:wonderful"
    r"|original|lovely|thoughtful|nice of you) *[.!]|\byeah,? right\b|\bsure you (?:do|did|are|will)\b|\bas if\b\W*$"
    r"|\bcouldn't be less\b|\bcould(?: not)? care less\b|\bcouldn't care less\b|\bgood luck with that\b|\bslow clap\b"
    r"|\bpigs? (?:can |might |will |could )?fl(?:y|ies)\b|[śs]winie lataj\w*|\bgrisar(?:na)? (?:kan |b[öo]rjar )?flyg"
    r"|\bschweine fliegen|\bpoules auront des dents|\branas cr[íi]en pelo|\bkalveren op het ijs"
    r"|\b(?:and|und|et|y|e|en|og|och|a) (?:i'm|i am|ich bin|je suis|yo soy|soy|io sono|eu sou|ik ben|jeg er|jag [äa]r"
    r"|ja jestem) (?:(?:the|der|die|le|la|el|il|o|a|de|kong|kung) )?(?:queen|king|pope|emperor|tooth fairy|santa"
    r"|kaiser|k[öo]nig\w*|papst|reine?|roi|pape|reina?|rey|papa|regina|re\b|rainha|koning\w*|paus|kronprins\w*"
    r"|dronning\w*|konge\w*|drottning\w*|kungen|kr[óo]low\w+|kr[óo]lem)\b"
    r"|^\W*(?:ja,? ja|tak,? tak|yes,? yes|s[íi],? s[íi]|oui,? oui|s[ìi],? s[ìi]|sim,? sim|claro,? claro|sure,? sure),? "
    r"(?:and|und|et|y|e|en|og|och|a)\b|\b(?:santa claus|babbo natale|pai natal|papai noel|p[èe]re no[ëe]l|julemanden"
    r"|jultomten"
    r"|weihnachtsmann|sinterklaas)\b|\bgeprobeerd\b|\bnice try\b|\bnetter versuch\b|\bbien essay[ée]\b"
    r"|\bbel tentativo\b"
    r"|\b(?:another|noch eine|schon wieder eine?|encore un|otro|un'altra|mais um|weer een|kolejny|[äa]nnu ett|endnu en)"
    r" (?:\w+ ){0,2}seo\b"
    r"|\bna toll\b|\bna super\b|\bgenau das,? was (?:uns|mir|ich|wir)|\bil ne manquait plus que",
)
