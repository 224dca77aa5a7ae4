"""What means yes, or a step towards it."""

from __future__ import annotations

from inbox.phrases.rule import rule

_SEND = r"(?:send|share|shoot|forward|pass|e-?mail|submit|drop|fire|ping|mail|attach|provide)"

INTEREST = (
    rule(
        "interested",
        r"\b(?:i'm|i am|we're|we are|am|i'd be|we'd be|would be|might be|may be|could be|i was|definitely"
        r"|very|quite|certainly|potentially|totally|really|super|extremely|absolutely|always|sounds|me|we"
        r"|count me|highly|also|still|indeed|more than) (?:\w+ ){0,2}(?:interested|intrigued|keen|excited"
        r"|on board|up for|game\b)",
        r"^\W*(?:yes,? |yeah,? |hi,? |hello,? |definitely |very |absolutely )*(?:interested|intrigued"
        r"|keen)\b|\b(?:interests|intrigues) (?:me|us)\b|\byou(?:'ve| have) (?:got )?(?:my"
        r"|our) (?:attention|interest)|\bcaught my (?:eye|attention)|\bpiqued my\b",
    ),
    rule(
        "sounds good",
        r"\b(?:sounds?|looks?|seems?|that's|that is|this is|it's|would be|be) (?:\w+ ){0,3}(?:good|great"
        r"|interesting|perfect|awesome|fantastic|amazing|wonderful|excellent|brilliant|lovely|fine"
        r"|like (?:a )?(?:plan|great|good|fun|interesting|win|something)|promising|cool|fun|exciting|nice"
        r"|intriguing|right up|fab|ideal|super)(?=\W*$| ?(?:[<]|idea|to me|topic|fit|for (?:us|me|our)"
        r"|plan|opportunity|match|addition|[.,!;:)\n-]|and|but|with|i|we|let|please|can|could|if|how|what"
        r"|when|$|\W*$))",
        r"\b(?:great|good|nice|excellent|lovely|fantastic|interesting|brilliant|perfect|cool) (?:idea"
        r"|topic|fit|opportunity|match|suggestion|offer|proposal|pitch|addition|article|resource|piece)\b"
        r"|\b(?:love|loved|like|liked) (?:the |your |this |it|these |that )(?:idea|topic|pitch|piece"
        r"|article|concept|angle|content|proposal|resource|suggestion|outline|one|sound)?"
        r"|\bworks for (?:me|us)\b|\bright up (?:my|our) (?:alley|street)\b",
    ),
    rule(
        "would love to",
        r"\b(?:i|we|i'd|we'd|would|would absolutely|certainly|definitely|'d)(?: \w+)? (?:love|like"
        r"|be (?:happy|glad|delighted|thrilled|keen|pleased|open|willing|up)|happy|enjoy) (?:to "
        r"|for you to )?(?:\w+ )?(?:hear|see|read|learn|chat|talk|publish|have|know|collaborate|work|do"
        r"|feature|discuss|take a look|look|connect|get|receive|consider|explore|help|accept|host|include"
        r"|add|link|run|review|share|meet|set up|schedule|send|contribute|join|participate|try"
        r"|move forward|proceed|jump|hop|that|it|this|more)\b",
        r"\b(?:happy|glad|pleased|delighted|keen|open|willing|eager|excited|thrilled|ready) (?:to"
        r"|for) (?:\w+ )?(?:take|have|look|chat|talk|discuss|consider|publish|add|include|help|hear"
        r"|collaborat\w+|accept|do|share|link|run|review|read|work|connect|learn|see|explore|feature|go"
        r"|proceed|move|get|that|this|it|a |guest|new|your|suggest|host|partner|swap|exchange|meet|jump"
        r"|hop|start)\b",
        r"\b(?:open to|up for|on board with|all for|in favou?r of) (?:\w+ )?(?:this|that|it|the|your|guest"
        r"|discussing|hearing|a|ideas|new|collaborat|suggestions|contributions|chatting|talking|learning"
        r"|trying)\b|\b(?:would|i'd|we'd) love (?:that|it|this|to|some|more|the|your|a)\b|\blove to\b",
    ),
    rule(
        "go ahead",
        rf"\b(?:please|pls|plz|do|can you|could you|would you|feel free to|go ahead and|happy for you to"
        rf"|you can|you may|you're welcome to|just|then|so|kindly|why don't you|yes,?|sure,?|ok,?|okay,?"
        rf"|great,?|thanks,?) (?:\w+ ){{0,2}}{_SEND} (?:it|them|me|us|over|along|through|the|your|a|an|some"
        rf"|more|in|that|this|details|further|additional|info\w*|examples?|samples?|pricing|any|one|two|on"
        rf"|whatever|something)\b",
        rf"(?:^|[.,!;:\n\-–]\s*){_SEND} (?:it|them|me|us|over|along|through|the|your|a|an|some|more|that"
        rf"|this|away|details|info)\b(?! (?:back|again to))",
        r"\b(?:go ahead|go for it|let's (?:do|go|talk|chat|set|schedule|discuss|connect|make|proceed|start"
        r"|hop|jump|get|give|try|find|arrange|have|move|book|explore|touch|meet|work|see|catch)"
        r"|count (?:me|us) in|(?:i'm|we're|i am|we are) in\b|sign (?:me|us) up|(?:it's|you've got|you have"
        r"|we have) a deal|deal!|\bdeal\W*$|approved|green light|thumbs up|make it happen|be my guest"
        r"|by all means|fire away|bring it on)\b",
        r"\b(?:can't|cannot|can not|couldn't|can hardly|cant) wait\b(?! (?:any|much|longer|forever|until"
        r"|for (?:the |your |this )?(?:invoice|payment|money)))"
        r"|\blook(?:ing)? forward to (?:\w+ )?(?:reading|seeing|receiving|hearing|working|it|your (?:draft"
        r"|article|piece|post|ideas|topics|proposal)|learning|chatting|talking|speaking|connecting|meeting"
        r"|discussing|that|this|collaborating)",
    ),
    rule(
        "you are welcome to",
        r"\b(?:you(?:'re| are)|he is|she is|they are) (?:\w+ ){0,2}welcome to (?:\w+ )?(?:submit|send|contribute|pitch"
        r"|write (?:for|something|an)|share|propose|post|publish)\b",
    ),
    rule(
        "open to it",
        r"\b(?:sind|bin|w[äa]ren?) (?:wir |ich )?(?:\w+ )?offen f[üu]r\b|\berz[äa]hl(?:en sie|t)? (?:mir |uns )?mehr\b"
        r"|\bk[öo]nnen wir\b(?: \w+){0,4} (?:bringen|machen|einbauen|aufnehmen|ver[öo]ffentlichen|setzen)\b"
        r"|\b(?:ich|wir) bauen? (?:\w+ ){1,4}ein\b",
        r"\b(?:suis|sommes|serais|serions) (?:\w+ )?ouvert\w* [àa]\b|\b(?:j'attends|nous attendons) (?:votre|vos|le"
        r"|l'|la)"
        r"|\babiert[oa]s? a (?:\w+ ){0,2}(?:colabor|propuest|ideas)\w*|\bpodemos (?:publicar|meter|incluir|inserir"
        r"|fazer)"
        r"|\bespero (?:el|tu|su|vuestro) (?:borrador|texto|art[íi]culo)",
        r"\bapert[oiae] a (?:\w+ ){0,2}(?:collabor|propost)\w*|\bpossiamo (?:farlo|pubblicar|inserir|aggiunger)\w*"
        r"|\b(?:attendo|aspetto) (?:la |il |l'|una )(?:bozza|testo|articolo|proposta)"
        r"|\babert[oa]s? a (?:\w+ ){0,2}(?:parcer"
        r"|colabor|propost)\w*|\bcombinado\b|\b[àa] espera d[oa]",
        r"\bsta(?:an|at)? (?:\w+ )?(?:er ?voor )?open\b|\bpast (?:\w+ )?(?:goed|prima|mooi|perfect|leuk) bij\b"
        r"|\bvertel\w* (?:\w+ ){0,2}meer\b|^\W*interessant\b",
        r"\botwar(?:ci|ta|ty|te) na (?:wsp[óo][łl]prac|propozycj)\w*|\bmo[żz]emy (?:to )?(?:zrobi[ćc]|opublikowa[ćc]"
        r"|wstawi[ćc]|doda[ćc])|\b(?:wstawi|doda|opublikuj|zamie[śs]ci)(?:my|[ęe]) (?:\w+ ){0,2}(?:link|artyku[łl]"
        r"|tekst)\w*",
        r"\b(?:passar|passer) (?:\w+ )?(?:bra|perfekt|utm[äa]rkt|godt|fint)\b|\b(?:l[åa]ter|lyder"
        r"|h[øo]res ut) som (?:n[åa]got"
        r"|noget|noe) f[öo]r oss?\b|\bvi (?:testar|pr[öo]var|pr[øo]ver) (?:det)?\b",
    ),
    rule(
        "in a word or two",
        r"\b(?:nos (?:cuadra|encaja|va bien)|trato hecho|lo vemos bien|m[áa]ndalo|m[áa]ndamelo|p[áa]samelo)\b"
        r"|^\W*dale\b[,.!]"
        r"|\bkom maar (?:door|op)\b|^\W*(?:dat )?is goed\b|\bdoe maar\b|^\W*(?:deal|tof|abgemacht)\b"
        r"|\bwillen (?:dat|het|hem) (?:wel|graag) (?:plaatsen|publiceren)\b|\blijkt (?:me|ons) (?:wel )?wat\b",
        r"\bw[äa]re (?:\w+ )?was f[üu]r uns\b|\bk[öo]nnte (?:\w+ )?passen\b|\blegen sie (?:\w+ )?los\b"
        r"|^\W*von mir aus\b"
        r"|\b[çc]a marche\b|\bmarch[ée] conclu\b|\bon peut (?:le faire|publier|l'ajouter)\b|\benvoyez (?:toujours"
        r"|donc|-le)"
        r"|\bsi pu[òo] fare\b|\baffare fatto\b|\bprocediamo\b|\bci piace\b|\bpor n[óo]s pode ser\b|^\W*alinh(?:o"
        r"|amos)\b"
        r"|\bneg[óo]cio fechado\b|\bagrada-(?:nos|me)\b",
        r"\bumowa stoi\b|\b(?:nam|mi) si[ęe] (?:\w+ )?podoba\b|\bpodoba (?:nam|mi) si[ęe]\b|\bmo[żz]emy dzia[łl]a[ćc]\b"
        r"|\bprosz[ęe] (?:\w+ )?wysy[łl]a[ćc]\b|\bfunkar (?:\w+ )?f[öo]r oss\b|\bskicka bara\b|\bvi s[äa]ger s[åa]\b"
        r"|\bdet gillar vi\b|\bk[öo]r p[åa] (?:det|bara)\b|\bdet er en aftale\b|\bdet kan vi lide\b|\bk[øo]r bare\b"
        r"|\bbare send\b|^\W*(?:jag [äa]r|jeg er) p[åa]\b(?=\W*$|[,.!])|\bfine (?:with|by) us\b|\bdone deal\b"
        r"|^\W*carry on\b",
    ),
    rule(
        "let us do it",
        r"\b(?:zr[óo]bmy|r[óo]bmy|dzia[łl]ajmy|wchodz[ęe] w to|wchodzimy w to|piszemy si[ęe]|facciamolo|facciamo pure"
        r"|hag[áa]moslo|faisons[- ](?:le|ça|cela)|on y va|c'est parti|fa[çc]amos isso|la oss (?:gj[øo]re|pr[øo]ve)"
        r"|lad os (?:g[øo]re|pr[øo]ve|tale|k[øo]re|tage)|l[åa]t oss (?:g[öo]ra|prova|k[öo]ra|testa)|vi k[øoö]r(?:er)?\b"
        r"|(?:vi|jeg|jag) (?:er|[äa]r) med\b|(?:er|[äa]r) (?:vi|jeg|jag) med\b|doen we mee|we doen mee|ik doe mee"
        r"|wir machen mit|(?:da|dann) machen wir mit|ci stiamo|ci sto)\b",
    ),
    rule(
        "tell me more",
        r"\b(?:tell (?:me|us) more|(?:know|learn|hear|find out|see|get|like|need|want|read|send|some"
        r"|understand) (?:a (?:bit|little) )?more (?:about|details|info\w*|on|of|if|examples|from you"
        r"|regarding|before)|more (?:details|info(?:rmation)?|context|examples)(?: please|\?|,? (?:about"
        r"|on|would|and))|can you (?:elaborate|explain|tell|give|clarify|provide|share|show|walk)"
        r"|could you (?:elaborate|explain|tell|give|clarify|provide|share|show|walk)|what (?:did"
        r"|do) you have in mind|what (?:topics?|kind of|would (?:you|it|this)|is (?:the|your) (?:topic"
        r"|idea|proposal|angle|offer))|(?:do|did) you have (?:any|a|some) (?:topics?|examples?|samples?"
        r"|ideas?|drafts?|time|availability|more))\b",
        r"\b(?:when (?:can|could|would|are|is) (?:you|we|it|a)|are you (?:free|available|around)|(?:book"
        r"|schedule|set up|arrange|jump on|hop on|have|get on|do) (?:a |some )?(?:quick |short "
        r"|brief )?(?:call|chat|meeting|time|demo|zoom)|here(?:'s| is) (?:my|a|the|our) (?:calend\w+|link"
        r"|guidelines|number|rates?|price|media kit|cell|availability)|calendly|(?:my|our) (?:calendar"
        r"|guidelines))\b",
    ),
    rule(
        "yes",
        r"^\W*(?:hi\b.{0,30}[,!.\n]\s*|hello\b.{0,30}[,!.\n]\s*|hey\b.{0,30}[,!.\n]\s*)?(?:yes|yep|yeah"
        r"|yup|sure|absolutely|definitely|of course|certainly|okay|ok|agreed|perfect|great|alright"
        r"|by all means)\b(?!,? (?:but no|not|no\b|i (?:got|saw|received|read)|we (?:got|saw"
        r"|received)))(?:[,.! \n]|$)",
        r"\b(?:can|could|may) (?:we|i) (?:get|have|see|try|book|schedule|start|meet|test|read)\b|\b(?:calendar "
        r"|meeting |zoom )?invite (?:is )?sent\b|\bsee you (?:on|at|then|tomorrow|next)\b"
        r"|\bright on (?:the money|point|target)\b|\bspot on\b|\b(?:want|need|like|send|see) (?:\w+ ){0,2}(?:contract"
        r"|agreement|proposal|quote|trial|demo|invoice|sample)\b",
        r"\byes,? (?:please|sure|absolutely|definitely|of course|we (?:do|would|are|can)|i (?:do|would|am"
        r"|can|will)|that|let|send|this|it|still|very|interested|happy|sounds)\b|\bno problem,? (?:send|go"
        r"|we|i|you can|happy)\b|\bwhy not\b(?! (?:just|to))|\bsure thing\b",
    ),
    rule(
        "price",
        r"\b(?:how much|what(?:'s| is| are| would| do)(?: \w+){0,3} (?:price|pricing|cost|costs|rate|rates"
        r"|fee|fees|budget|charge|offer|compensation)|(?:our|my|the) (?:\w+ )?(?:fee|price|rate|rates"
        r"|charge|cost|pricing)(?: \w+){0,4} (?:is|are|starts?|would|:)|we charge|i charge|(?:do|can"
        r"|will) you pay|your budget|is (?:this|there|it) (?:a )?(?:paid|budget|compensation|payment)"
        r"|costs? (?:\$|€|£|usd|eur|\d)|price list|rate card|media kit)\b",
        r"(?:\$|€|£)\s?\d{2,}|\b\d{2,5} ?(?:usd|eur|gbp|dollars|euros?|pounds|\$|€|£)",
        weak=True,
    ),
    rule(
        "we accept",
        r"\bwe (?:do |also |usually |currently |would |can |are )*(?:accept(?:ing)?|welcome|publish|offer"
        r"|take|sell) (?:\w+ ){0,3}(?:guest|sponsored|contribut\w+|submissions|paid|links?|posts?"
        r"|articles?|content|advertorials?|collaborat\w+)\b|\bfeel free to (?:send|submit|share|pitch"
        r"|suggest|propose|reach)|\b(?:happy|glad|pleased) to (?:add|include|link|publish|feature)"
        r"|\bi(?:'ve| have) (?:added|updated|included|published|linked)|\bwe(?:'ve| have) (?:added|updated"
        r"|included|published|linked)|\bconsider it done\b|\bit's live\b",
    ),
    rule(
        "de: gerne",
        r"\b(?:klingt|h[öo]rt sich|sieht)(?: \w+){0,3} (?:gut|interessant|spannend|super|toll|prima"
        r"|vielversprechend|klasse)\b|\b(?:sehr |ja,? |machen wir |liebend |immer |wir w[üu]rden "
        r"|ich w[üu]rde )gerne?\b|^\W*(?:ja|klar|gerne?|na klar|okay|ok|super|perfekt"
        r"|einverstanden)\b(?:[,.! ]|$)|\b(?:bin|sind|w[äa]re"
        r"|w[äa]ren) (?:wir )?(?:\w+ ){0,2}interessiert\b|\binteressiert (?:mich|uns)(?! nicht| leider)"
        r"|\bhaben? (?:gro[ßs]es |durchaus |grunds[äa]tzlich )?interesse\b|\b(?:schicken"
        r"|senden) sie (?:mir|uns|doch|gerne?|den|einen|das|bitte|mal|weitere|n[äa]here)|\b(?:schick"
        r"|sende) (?:mir|uns|doch|gerne?|mal|es|den|das)\b|\bfreu(?:e|en) (?:mich|uns|wir)"
        r"|\bk[öo]nnen wir (?:gern|machen|dr[üu]ber)|\bgerne? (?:mehr|weitere|n[äa]heres|nehmen|schauen"
        r"|ver[öo]ffentlichen)|\bkl[äa]ren wir|\beinverstanden\b|\bguter? (?:idee|vorschlag|thema)\b",
    ),
    rule(
        "fr: avec plaisir",
        r"\b(?:m'|nous |m’)int[ée]resse(?! pas)|\b(?:suis|sommes|serais|serions"
        r"|serait) (?:\w+ )?int[ée]ress[ée]\w*|\bavec (?:grand )?plaisir\b|\bvolontiers\b|\bd'accord\b"
        r"|^\W*(?:oui|ok|parfait|super|g[ée]nial)\b|\bpourquoi pas\b|\b(?:bonne|excellente) id[ée]e\b"
        r"|\bje veux bien\b|\bpartants?\b|\b(?:en savoir|dites-m'en|dites-nous-en) (?:un peu )?plus\b"
        r"|\b(?:envoyez|envoie|transmettez|faites|pouvez-vous|pourriez-vous)(?:[- ]\w+)? (?:envoyer"
        r"|parvenir|transmettre|moi|nous|votre|l'article|le texte|plus|me|nous)\b"
        r"|\bsemble (?:\w+ )?(?:int[ée]ressant|bien|parfait)|\bserai[st]? ravi|\br[ée]jouis\b"
        r"|\bvalid[ée]\b",
    ),
    rule(
        "es: me interesa",
        r"\b(?:me|nos) interesa\b|\b(?:estoy|estamos|estar[ií]a\w*) (?:\w+ )?interesad\w+|\b(?:suena"
        r"|parece) (?:\w+ )?(?:bien|genial|interesante|perfecto|estupendo|buena)|\bcon (?:mucho )?gusto\b"
        r"|\bencantad\w+\b|\b(?:env[ií]e|env[ií]a|env[ií]en|mande|manda|p[áa]se|p[áa]sa)\w*(?:me|nos|lo|la"
        r"|melo|noslo)\b|(?<!m[áa]s )\badelante\b|\bclaro(?: que s[ií])?\b|\b(?:me|nos) (?:gustar[ií]a|encantar[ií]a"
        r"|encanta|gusta)\b|\bde acuerdo\b|^\W*(?:sí|si(?=[,.!])|vale|perfecto|genial|ok)\b[,.! ]|\bcu[ée]nt(?:a"
        r"|e)(?:me|nos) m[áa]s|\bm[áa]s (?:informaci[óo]n|detalles)\b",
    ),
    rule(
        "it: volentieri",
        r"\b(?:mi|ci) (?:interessa|interesserebbe|piacerebbe|piace)\b|\b(?:sono|siamo|sarei"
        r"|saremmo) (?:\w+ )?interessat\w+|\b(?:molto )?volentieri\b|\bcon piacere\b|\bd'accordo\b"
        r"|\b(?:manda|inviate|invia|mandate|invii|mandi|mand)(?:mi|ci|temi|teci|melo|celo)?\b (?:pure|l'"
        r"|il|la|qualche|maggiori|un|una|più|tutto)|\b(?:ottima|bella|buona) idea\b|\bva bene\b"
        r"|\bcertamente\b|\bcerto\b|^\W*(?:sì|si(?=[,.!])|ok|perfetto|ottimo)\b[,.! ]"
        r"|\bsembra (?:\w+ )?(?:interessante|ottimo|bello|perfetto)|\bmaggiori (?:informazioni|dettagli)\b",
    ),
    rule(
        "nl: graag",
        r"\b(?:klinkt|lijkt (?:me|mij|ons))(?: \w+){0,2} (?:goed|interessant|leuk|prima|top|mooi|super)\b"
        r"|\b(?:ben|zijn|zou) (?:(?!niet)\w+ )?ge[ïi]nteresseerd\b|\b(?:heel |erg |zeker "
        r"|ja,? )?graag\b(?! (?:uitschrijven|afmelden|verwijder\w*|geen|niet|gedaan))"
        r"|\bstuur (?:maar|het|me|mij|ons|gerust|je|uw|een)\b|\blaten we\b|\bmet plezier\b|\bakkoord\b"
        r"|^\W*(?:ja|prima|ok[ée]?|leuk|top)\b[,.! ]|\bhebben interesse\b|\bmeer (?:informatie|details"
        r"|weten)\b",
    ),
    rule(
        "pt: com prazer",
        r"\b(?:me|nos) interessa\b|\b(?:tenho|temos)(?: \w+)? interesse\b|\b(?:estou|estamos"
        r"|estaria) (?:\w+ )?interessad\w+|\b(?:parece|soa)(?: \w+)? (?:bom|bem|[óo]timo|interessante"
        r"|perfeito|[óo]tima)|\bcom (?:todo |muito )?(?:o )?(?:prazer|gosto)\b|\b(?:envie|envia|enviem"
        r"|mande|manda|pode enviar|podem enviar|pode mandar)\b|\badoraria|\bgostar(?:ia|[íi]amos"
        r"|ei) de (?:saber|receber|ver|conhecer|ler|conversar|publicar)|^\W*(?:sim|claro|ok|perfeito"
        r"|[óo]timo)\b[,.! ]|\bvamos (?:em frente|fazer|conversar)\b|\bmais (?:informa[çc][õo]es"
        r"|detalhes)\b",
    ),
    rule(
        "no objection",
        r"\bno objections?\b|\bno (?:problem|worries|prob)\b[,.;!–-]? (?:send|we|i|i'll|we'll|happy|go|let|just|please"
        r"|feel|share|here|can)\b"
        r"|\bnothing against\b|\b(?:don't|do not|dont|wouldn't) mind\b|\bfine (?:by|with) (?:me|us)\b|\b(?:can't|cannot"
        r"|don't) see (?:any reason )?why not\b|\bnot a problem\b"
        r"|\bkein(?:e)? (?:problem|einw[äa]nde|thema)\b|\bnichts (?:dagegen|einzuwenden)\b|\b(?:spricht|h[äa]tten?"
        r"|habe[n]?) (?:\w+ )?nichts (?:da)?gegen|\bpas de (?:probl[èe]me|souci)\b|\b(?:aucun"
        r"|pas d') ?(?:inconv[ée]nient|objection|souci|probl[èe]me)|\bsin (?:ning[úu]n )?(?:problema|inconveniente)\b"
        r"|\bno (?:veo|hay|tengo|tenemos) (?:\w+ )?(?:inconveniente|problema)"
        r"|\bnessun(?:a)? (?:problema|obiezione)\b|\bnulla in contrario\b|\bsem problemas?\b|\bnada contra\b"
        r"|\bgeen (?:probleem|bezwaar|punt)\b|\bnie (?:ma|mam|mamy) (?:\w+ )?(?:problemu|nic przeciwko"
        r"|przeciwwskaza[ńn])|\bing(?:a|et) (?:problem|emot)\b|\bikke noget (?:problem|imod)\b|\bintet (?:problem"
        r"|imod)\b|\bikke noe problem\b|\bei (?:ongelmaa|haittaa)\b|\b[žz][áa]dn[ýy] probl[ée]m|без проблем|не против"
        r"|問題(?:あり|ござい)ません|大丈夫です|没问题|沒問題",
    ),
    rule(
        "as people spell it",
        r"\b(?:definit\w{1,4}|definat\w{1,4}|defo|totally|absolut\w+) (?:int\w{2,8}ted|keen|up for)\b|\bwhat (?:are"
        r"|is) (?:the )?next steps?\b|\b(?:exactly|just) what (?:we|i) (?:need|needed|want|are looking for"
        r"|were looking for)\b|\bneed exactly this\b|\bnot only (?:am|are|is)\b|\bcouldn't (?:be more (?:interested"
        r"|keen)|have (?:picked|chosen|come at) (?:a )?(?:better|more))|\bi(?:'m| am) in\b|\bwe(?:'re| are) in\b"
        r"|\bup for (?:it|this|that|trying)\b|\b(?:fire|send|ping|shoot|drop) (?:it|them|one|that) (?:over|across"
        r"|through|to)\b|\bglad to (?:\w+ )?(?:include|add|have|take|host|publish)\b|\bgood timing\b|\blet'?s (?:try|go"
        r"|do)\b|👍|🙌|✅",
    ),
    rule(
        "de: nur her damit",
        r"\b(?:nur|immer) her damit\b|\bmachen wir\b(?! (?:nicht|kein|leider|uns))|\bk[öo]nnen wir (?:\w+ )?(?:machen"
        r"|einbauen|aufnehmen|ver[öo]ffentlichen|setzen|bringen)\b|\bnicht schlecht\b|\b(?:sehr|gern|gerne)\W*$"
        r"|\bgerne?\b(?! (?:geschehen|nicht))|\bw[üu]rde(?:n)? (?:uns|mich) (?:\w+ )?(?:interessieren|freuen)\b"
        r"|\bsind (?:wir )?dabei\b|\bbin dabei\b|\bpasst (?:gut|super|perfekt|f[üu]r uns|prima)\b|\bwann (?:k[öo]nnten"
        r"|k[öo]nnen) sie\b",
    ),
    rule(
        "fr: allez-y",
        r"\ballez-y\b|\bvas-y\b|\b(?:c'est|c'est) (?:bon|ok|d'accord|parfait|not[ée])\b|\bon est (?:partants?|ok"
        r"|d'accord|int[ée]ress[ée]s?)\b|\b(?:ravie?s?|heureu(?:x|ses?)) (?:de|d')|\bça (?:me|nous) (?:va|pla[îi]t"
        r"|int[ée]resse|convient)\b|\bje suis (?:pour|preneu)",
    ),
    rule(
        "es it pt: lo publicamos",
        r"\blo publicamos\b|\bme parece (?:\w+ )?(?:bien|genial|estupendo|perfecto|interesante|buena)\b"
        r"|\bpor supuesto\b|\bhecho\b\W*$|\bcontad? conmigo\b|\b(?:env[ií]|mand|p[áa]s)(?:ame|anos|emos|enos|adme|adnos"
        r"|amelo|adlo|a|e|en)\b(?= (?:el|la|lo|un|una|algo|m[áa]s|por|cuando|todo))"
        r"|\b(?:inviate|mandate|inviami|mandami|mi mandi|mi invii|mandi|invii)\b(?! (?:pi[ùu]|mai))|\bper me va bene\b"
        r"|\bperch[ée] no\b|\bci sta\b|\bassolutamente s[ìi]\b|\bpublicamos(?: sim| com)?\W*$|\bpode(?:m)? (?:enviar"
        r"|mandar|avan[çc]ar|seguir)\b|\bcom certeza\b|\b(?:temos|tenho) interesse\b|\bporque n[ãa]o\b|\bvamos (?:nessa"
        r"|a isso|fazer|l[áa])\b|\btopo\b|\btopamos\b|\bbora\b",
    ),
    rule(
        "nl: stuur maar",
        r"\bstuur (?:\w+ )?(?:maar|gerust|gewoon|het|hem|me|door|op)\b|\b(?:we|wij|ik) (?:plaatsen|plaats|zetten"
        r"|publiceren) (?:hem|het|deze|jullie|je)\b(?! niet)|\bleuk (?:idee|voorstel|plan)\b|\bja,? (?:leuk|graag|hoor"
        r"|prima|dat)\b|\bdat kan\b|\bvind ik (?:leuk|goed|prima)\b|\bdoen we\b(?! niet)|\bwaarom niet\b"
        r"",
    ),
    rule(
        "pl: jasne",
        r"\b(?:mo[żz]e by[ćc]|jasne|oczywi[śs]cie|bardzo ch[ęe]tnie|z przyjemno[śs]ci[ąa]|zgadzam si[ęe]|pasuje(?: mi"
        r"| nam)?|dobry pomys[łl]|czekam na (?:tekst|artyku[łl]|propozycj)\w*)\b|\bprosz[ęe] (?:\w+ )?(?:podes[łl]a[ćc]"
        r"|przes[łl]a[ćc]|wys[łl]a[ćc]|przesy[łl]a[ćc])\b|\bzainteresowan\w+\b",
    ),
    rule(
        "sv da no: gärna",
        r"\b(?:g[äa]rna|gerne|gjerne)\b(?! (?:bort|inga|ikke|inte|slippa|slippe))|\bl[åa]ter (?:\w+ )?(?:kul|bra"
        r"|intressant|spennende|godt|toppen|perfekt|sp[äa]nnande|interessant)|\blyder (?:\w+ ){0,2}(?:godt|interessant"
        r"|spændende|fint|super)|\bh[øo]res (?:\w+ )?(?:bra|fint|spennende|interessant|godt)|^\W*(?:ja|okej|javisst"
        r"|jadå|jo"
        r"|absolut|visst|selvf[øo]lgelig|sj[äa]lvklart|selvsagt)\b[ ,.!]|\b(?:skicka|send|sänd) (?:\w+ )?(?:bare|over"
        r"|över|gerne|gärna|endelig|et|ett|den|det|teksten|texten)\b|\bdet er (?:\w+ )?(?:fint|i orden|ok)\b"
        r"|\bdet g[åa]r (?:bra|fint)\b|\bhelt fint\b|\bkul (?:id[ée]|f[öo]rslag)|\bgod id[ée]\b"
        r"|(?<!inte )(?<!ikke )\b(?:intresserade?|interesserede?|interessert)\b",
    ),
    rule(
        "fi: kyllä",
        r"^\W*(?:kyll[äa]|joo|juu|toki|totta kai|mielell[äa]\w+)\b|(?<!ei )(?<!en )\bkiinnosta(?:a|isi|vaa)\b"
        r"|\bkuulostaa (?:\w+ )?(?:hyv[äa]lt[äa]|kivalta|mielenkiintoiselta|mahtavalta)|\bl[äa]het[äaä]+(?:k[äa]{2}"
        r"|tk[äa]{2})? (?:vaan|vain|se|teksti|artikkeli|lis[äa])",
    ),
    rule(
        "cs sk: rádi",
        r"^\W*(?:ano|jasn[ěe]|jo|ur[čc]it[ěe]|dobře|dobre)\b[ ,.!]|(?<!ne)\bm[áa]me? z[áa]jem\b"
        r"|\br[áa]di\b(?! (?:bychom se odhl|odm))|\br[áa]da?\b(?= (?:bych|si|p[řr]e[čc]tu))"
        r"|\bzn[íi] (?:\w+ )?(?:dob[řr]e|zaj[íi]mav[ěe]|skv[ěe]le)|\bpo[šs]lete\b|\b(?:zaj[íi]m[áa] (?:m[ěe]"
        r"|n[áa]s))\b",
    ),
    rule(
        "ru uk: давайте",
        r"(?<!не )(?<!не\s\s)(?:интересно\b|заинтересова)|\bдавайте\b|^\W*(?:да|конечно|хорошо|согласен|согласны|так"
        r"|звичайно)\b[ ,.!]|\b(?:присылайте|отправляйте|высылайте|пришлите|надсилайте)\b|отличная идея|с радостью"
        r"|договорились",
    ),
    rule(
        "ja zh ko: ぜひ",
        r"ぜひ|是非|興味(?:が|は)?(?:あり|ござい)ます|喜んで|お願い(?:し|いた)ます(?<!停止をお願いします)|承知(?:し"
        r"|いた)|(?:送っ|お送り)(?:て)?(?:ください|くださ|いただ)|詳細を|可以|好的|欢迎|歡迎|很感兴趣|좋습니다"
        r"|관심(?:이)? 있|보내 ?주세요",
    ),
    rule(
        "other tongues: interested",
        r"\bl[åa]ter (?:bra|intressant|spennende|godt|interessant)\b|\blyder (?:godt|interessant"
        r"|spændende)\b|\b(?:jag|vi|jeg) (?:[äa]r|er) (?:(?!inte|ikke|ej)\w+ )?intress?er\w+|\bg[äa]rna\b"
        r"|\bmeget gerne\b"
        r"|\bkuulostaa (?:hyv[äa]lt[äa]|mielenkiintoiselta)|\bm[áa]m(?:e)? z[áa]jem\b|\b[ée]rdekel\b"
        r"|\b(?:sunt|suntem) interesa\w+|\bm[ăa] intereseaz[ăa]\b|\bilgileniyor\w+|\bilgimi [çc]ekti\b",
        r"ενδιαφ[εέ]ρομαι|(?:мне |нам |это )интересно|с удовольствием|присылайте|цікаво|(?<![不没没])感兴趣|感興趣"
        r"|興味があります|관심(?:이)? 있|أنا مهتم|(?<!غير )(?<!لست )مهتم|מעוניין|(?<!không )quan tâm|(?<!ไม่)สนใจ"
        r"|\bsaya tertarik",
    ),
    rule(
        "pl: chętnie",
        r"\b(?:jestem|jeste[śs]my|by[łl]\w+by\w*) (?:\w+ )?zainteresowan\w+|\bbrzmi (?:\w+ )?(?:dobrze"
        r"|[śs]wietnie|ciekawie|interesuj[ąa]co|super)|\bch[ęe]tnie\b|\bprosz[ęe] (?:o )?(?:przes[łl]a\w+"
        r"|wys[łl]a\w+|podes[łl]a\w+|wi[ęe]cej|szczeg\w+|propozycj\w+|kontakt)|\bzgoda\b"
        r"|\binteresuje (?:mnie|nas)|^\W*(?:tak(?!,? (?:for|fordi|skal|men|jeg|vi|det|i|du|hej|og|s[åa])\b)|jasne|ok"
        r"|super|[śs]wietnie"
        r"|oczywi[śs]cie)\b[,.! ]"
        r"|\bwi[ęe]cej (?:informacji|szczeg[óo][łl][óo]w)\b",
    ),
)  # fmt: skip
