# ruff: noqa: RUF001 - names, streets and products are spelt as in their languages
"""Who made-up orders are from: customers of many places, their names, addresses and goods, and nobody's.

Mail addresses are in the domains reserved for examples (RFC 2606). Phone numbers are reserved for fiction or never
assigned: the regulators of the United Kingdom (Ofcom), North America (555-01xx), France (Arcep) and Sweden (PTS) set
such ranges aside.
"""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["CARRIERS", "DOMAINS", "MARKETS", "METHODS", "RESERVED_NUMBERS", "Market"]


class Market(NamedTuple):
    """Customers of one place: names with the ASCII form for their address, what they buy, and what is usual there.

    Attributes:
        people: Name, and the part before the @.
        locale: BCP 47 tag.
        currency: ISO 4217 code.
        price: A usual price, in that currency.
        street: With a gap for the number.
        town: With its postcode.
        country: As it is called there.
        goods: Products.
        cash: What cash on delivery is called there.
    """

    people: tuple[tuple[str, str], ...]
    locale: str
    currency: str
    price: int
    street: str
    town: str
    country: str
    goods: tuple[str, ...]
    cash: str = "Cash on delivery"


_ENGLISH: Final = (
    "Linen shirt, white, size M", "Ceramic mug – sea green", "Notebook, dotted, A5", "Beeswax candle, set of 3",
    "Wool socks “Fjord”, 39–42", "Olive oil, 0.75 l", "Desk lamp & bulb", "Kids' raincoat, yellow",
)  # fmt: skip

MARKETS: Final = (
    Market(
        (("Ada Lovelace", "ada"), ("Grace Okafor", "grace.okafor"), ("Siân O'Neill", "sian.oneill")),
        "en-GB", "GBP", 18, "{} Example Road", "London EX1 1AA", "United Kingdom", _ENGLISH,
    ),
    Market(
        (("Maria Garcia", "maria.garcia"), ("James Lee-Walker", "james"), ("Aaliyah Brown", "aaliyah")),
        "en-US", "USD", 22, "{} Sample Avenue", "Springfield, IL 62700", "United States", _ENGLISH,
    ),
    Market(
        (("Zoë Müller", "zoe.mueller"), ("Jürgen Weiß", "j.weiss"), ("Ayşe Yılmaz", "ayse")),
        "de-DE", "EUR", 20, "Musterstraße {}", "12345 Musterstadt", "Deutschland",
        ("Leinenhemd, weiß, Größe M", "Keramikbecher – meergrün", "Notizbuch, gepunktet, A5", "Bienenwachskerze"),
        "Nachnahme",
    ),
    Market(
        (("François Lefèvre", "francois"), ("Noémie D'Angelo", "noemie")),
        "fr-FR", "EUR", 21, "{} rue de l’Exemple", "75000 Paris", "France",
        ("Chemise en lin, blanche, M", "Tasse en céramique – vert d’eau", "Huile d’olive, 75 cl", "Savon à l’œillet"),
        "Paiement à la livraison",
    ),
    Market(
        (("佐藤 花子", "hanako"), ("鈴木 一郎", "ichiro")),
        "ja-JP", "JPY", 2800, "見本町 {}-1", "〒100-0000 東京都", "日本",
        ("リネンシャツ（白・M）", "陶器のマグカップ", "ノート A5 ドット罫", "手ぬぐい 青海波"), "代金引換",
    ),
    Market(
        (("فاطمة الأحمد", "fatima"), ("Yousef Al-Sabah", "yousef")),
        "ar-KW", "KWD", 6, "قطعة 3، شارع المثال {}", "مدينة الكويت", "الكويت",
        ("قميص كتان أبيض، مقاس M", "كوب سيراميك", "دفتر A5 منقط", "تمر سكري، 1 كغ"), "الدفع عند الاستلام",
    ),
    Market(
        (("João Conceição", "joao"), ("Beatriz de Souza", "bia.souza")),
        "pt-BR", "BRL", 95, "Rua Exemplo, {}", "01000-000 São Paulo", "Brasil",
        ("Camisa de linho, branca, M", "Caneca de cerâmica", "Café torrado, 500 g", "Lâmpada de mesa"),
        "Pagamento na entrega",
    ),
    Market(
        (("Ångström Lindqvist", "a.lindqvist"), ("Elsa Öberg", "elsa")),
        "sv-SE", "SEK", 210, "Exempelgatan {}", "123 45 Stockholm", "Sverige",
        ("Linneskjorta, vit, M", "Keramikmugg – sjögrön", "Ullstrumpor, 39–42", "Bivaxljus, 3-pack"),
    ),
    Market(
        (("अनन्या शर्मा", "ananya"), ("Rohan Iyer", "rohan.iyer")),
        "hi-IN", "INR", 899, "{}, उदाहरण मार्ग", "नई दिल्ली 110001", "भारत",
        ("लिनन कमीज़, सफ़ेद, M", "मिट्टी का कप", "मसाला चाय, 250 g", "सूती चादर"), "कैश ऑन डिलीवरी",
    ),
    Market(
        (("Олена Шевченко", "olena"), ("Тарас Ковальчук", "taras.k")),
        "uk-UA", "UAH", 640, "вул. Прикладна, {}", "01001 Київ", "Україна",
        ("Лляна сорочка, біла, M", "Керамічна чашка", "Вишиваний рушник", "Мед липовий, 0,5 л"), "Післяплата",
    ),
    Market(
        (("Ελένη Παπαδοπούλου", "eleni"), ("Νίκος Ιωάννου", "nikos.i")),
        "el-GR", "EUR", 19, "Οδός Παραδείγματος {}", "105 57 Αθήνα", "Ελλάδα",
        ("Λινό πουκάμισο, λευκό, M", "Κεραμική κούπα", "Ελαιόλαδο, 0,75 l", "Θυμαρίσιο μέλι"), "Αντικαταβολή",
    ),
    Market(
        (("נועה כהן", "noa"), ("איתן לוי", "eitan.levi")),
        "he-IL", "ILS", 79, "רחוב הדוגמה {}", "6100000 תל אביב", "ישראל",
        ("חולצת פשתן לבנה, M", "ספל קרמיקה", "מחברת A5", "נר שעוות דבורים"), "תשלום במזומן במסירה",
    ),
    Market(
        (("김서연", "seoyeon"), ("이도윤", "doyun")),
        "ko-KR", "KRW", 26000, "예시로 {}", "04524 서울특별시", "대한민국",
        ("리넨 셔츠, 흰색, M", "도자기 머그컵", "도트 노트 A5", "녹차 100 g"),
    ),
    Market(
        (("สมหญิง ใจดี", "somying"), ("ณัฐ วงศ์สว่าง", "nat")),
        "th-TH", "THB", 650, "{} ถนนตัวอย่าง", "กรุงเทพฯ 10200", "ประเทศไทย",
        ("เสื้อลินิน สีขาว M", "แก้วเซรามิก", "สมุดจุด A5", "ข้าวหอมมะลิ 1 กก."), "เก็บเงินปลายทาง",
    ),
    Market(
        (("Łukasz Wiśniewski", "lukasz"), ("Małgorzata Żółć", "m.zolc")),
        "pl-PL", "PLN", 79, "ul. Przykładowa {}", "00-001 Warszawa", "Polska",
        ("Koszula lniana, biała, M", "Kubek ceramiczny", "Zeszyt w kropki, A5", "Miód lipowy, 0,5 l"), "Za pobraniem",
    ),
    Market(
        (("Sofía Núñez Ibáñez", "sofia.nunez"), ("Ángel Peña", "angel")),
        "es-MX", "MXN", 390, "Calle Ejemplo {}", "06000 Ciudad de México", "México",
        ("Camisa de lino, blanca, M", "Taza de cerámica", "Café de altura, 500 g", "Cuaderno punteado, A5"),
        "Pago contra entrega",
    ),
    Market(
        (("王小明", "xiaoming"), ("陳美玲", "meiling.chen")),
        "zh-TW", "TWD", 680, "範例路{}號", "100 臺北市", "臺灣",
        ("亞麻襯衫（白色／M）", "陶瓷馬克杯", "點線筆記本 A5", "高山烏龍茶 150 g"), "貨到付款",
    ),
)  # fmt: skip

DOMAINS: Final = ("example.com", "example.net", "example.org")

#: What a reserved number starts with, and how many digits of it are free.
RESERVED_NUMBERS: Final = (("+447700900", 3), ("+120255501", 2), ("+336399800", 2), ("+4670174061", 1))

METHODS: Final = ("Credit card", "Direct bank transfer", "PayPal", "Apple Pay")

#: Made-up carriers, and what their tracking numbers begin with.
CARRIERS: Final = (("Example Post", "EP"), ("Sample Parcel", "SP"), ("Exemplum Express", "EX"))
