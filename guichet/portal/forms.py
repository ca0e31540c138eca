"""What is typed, read and said back. Nothing here decides what becomes of a case."""

from __future__ import annotations

from typing import Any

from django import forms

from guichet.cases.actions.form import InboundForm
from guichet.core import identifiers, phones
from guichet.core.identifiers import DEPARTMENTS
from guichet.core.reference import check
from guichet.knowledge.models import Profile, Theme
from guichet.organisation.directory import directory
from guichet.organisation.models import Channel, Topic
from guichet.people.identity import Claim
from guichet.people.models import Person
from guichet.portal.guide import ELSEWHERE, Wanted

MESSAGE_MAX = 3000
BAD_REFERENCE = "Ce numéro n’est pas juste. Vérifiez chaque chiffre\u00a0: il figure sur tous nos messages."
BAD_AGE = "Écrivez votre âge en chiffres, par exemple 19."
BAD_EMAIL = "Écrivez une adresse complète, par exemple nom@exemple.fr."
ANSWER_BY = (
    (Channel.EMAIL.value, "E-mail"),
    (Channel.PHONE.value, "Appel d’un agent"),
    (Channel.SMS.value, "SMS"),
    (Channel.PAPER.value, "Courrier postal"),
)
Kind = Person.Kind


class LongText(forms.CharField):
    """Browsers count a line break as one character and send two."""

    def to_python(self, value: Any) -> str:
        text = super().to_python(value)
        return str(text or "").replace("\r\n", "\n").replace("\r", "\n")


def _text(label: str, required: str = "", *, length: int, help_text: str = "", **attrs: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=length,
        required=bool(required),
        help_text=help_text,
        error_messages={"required": required, "max_length": "Ce texte est trop long (%(limit_value)d signes au plus)."},
        widget=forms.TextInput(attrs={"class": "saisie", **attrs}),
    )


def _long_text(label: str, required: str, *, length: int, css: str = "saisie", rows: int = 6, help_text: str = "",
               **attrs: str) -> LongText:  # fmt: skip
    return LongText(
        label=label,
        max_length=length,
        required=bool(required),
        help_text=help_text,
        error_messages={"required": required, "max_length": "Ce texte est trop long (%(limit_value)d signes au plus)."},
        widget=forms.Textarea(attrs={"class": css, "rows": str(rows), **attrs}),
    )


def topic_choices() -> list[tuple[str, Any]]:
    """Active topics in citizens' words; a root with active children is the name of a group."""
    children: dict[int | None, list[Topic]] = {}
    for topic in sorted(directory().topics.values(), key=lambda t: (t.position, t.label)):
        if topic.is_active:
            children.setdefault(topic.parent_id, []).append(topic)

    def below(topic: Topic) -> list[tuple[str, str]]:
        lines = []
        for child in children.get(topic.pk, []):
            lines.append((child.code, child.said))
            lines.extend(below(child))
        return lines

    choices: list[tuple[str, Any]] = [("", "Je ne sais pas, ou un autre sujet")]
    for root in children.get(None, []):
        inside = below(root)
        choices.append((root.said, [(root.code, f"{root.said} (autre question)"), *inside]) if inside
                       else (root.code, root.said))  # fmt: skip
    return choices


def active_roots() -> list[Topic]:
    roots = [t for t in directory().topics.values() if t.is_active and t.parent_id is None]
    return sorted(roots, key=lambda t: (t.position, t.label))


class ContactForm(forms.Form):
    topic = forms.ChoiceField(
        label="Sujet",
        required=False,
        help_text="Il nous aide à choisir le bon service.",
        error_messages={"invalid_choice": "Choisissez un sujet de la liste."},
        widget=forms.Select(attrs={"class": "saisie"}),
    )
    subject = _text("Objet", "Dites en quelques mots de quoi il s’agit.", length=120, help_text="En quelques mots.")
    message = _long_text("Votre message", "Écrivez votre message.", length=MESSAGE_MAX)
    reference = _text(
        "Numéro de demande",
        length=30,
        help_text="Si votre question porte sur une demande déjà envoyée. Il figure sur tous nos messages.",
        inputmode="numeric",
        autocomplete="off",
    )
    kind = forms.ChoiceField(
        label="Vous écrivez en tant que",
        choices=Kind.choices,
        initial=Kind.CITIZEN.value,
        error_messages={"required": "Dites en tant que qui vous écrivez."},
        widget=forms.RadioSelect,
    )
    organisation = _text("Nom de l’organisme", length=160, autocomplete="organization")
    siret = _text("Numéro SIRET", length=30, help_text="14 chiffres.", inputmode="numeric", autocomplete="off")
    rna = _text("Numéro RNA", length=20, help_text="W suivi de 9 chiffres.", autocomplete="off")
    civility = forms.ChoiceField(
        label="Civilité",
        required=False,
        choices=Person.Civility.choices,
        widget=forms.Select(attrs={"class": "saisie", "autocomplete": "honorific-prefix"}),
    )
    first_name = _text("Prénom", "Écrivez votre prénom.", length=80, autocomplete="given-name")
    last_name = _text("Nom", "Écrivez votre nom.", length=80, autocomplete="family-name")
    email = forms.CharField(
        label="Adresse e-mail",
        max_length=254,
        help_text="Exemple\u00a0: nom@exemple.fr.",
        error_messages={"required": "Écrivez votre adresse e-mail."},
        widget=forms.EmailInput(attrs={"class": "saisie", "autocomplete": "email"}),
    )
    email_confirmed = forms.CharField(required=False, max_length=254, widget=forms.HiddenInput)
    phone = forms.CharField(
        label="Téléphone",
        required=False,
        max_length=40,
        help_text="Exemple\u00a0: 06 39 98 41 27.",
        widget=forms.TextInput(attrs={"class": "saisie", "type": "tel", "autocomplete": "tel"}),
    )
    address = _long_text(
        "Adresse postale",
        "Écrivez votre adresse postale.",
        length=300,
        css="saisie saisie--2l",
        rows=3,
        help_text="La loi nous demande de vous identifier. Exemple\u00a0: 8 chemin des Grives, puis 17320 Marennes.",
        autocomplete="street-address",
    )
    channel = forms.ChoiceField(
        label="Comment préférez-vous la recevoir\u00a0?",
        choices=ANSWER_BY,
        initial=Channel.EMAIL.value,
        error_messages={"required": "Choisissez comment recevoir la réponse."},
        widget=forms.RadioSelect,
    )
    no_electronic = forms.BooleanField(
        label="Je refuse de recevoir la réponse par voie électronique",
        required=False,
        help_text="Nous répondrons alors par courrier, ou par téléphone si vous l’avez choisi.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["topic"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = topic_choices()
        self.suggested_email = ""

    def clean_reference(self) -> str:
        typed = str(self.cleaned_data["reference"])
        if typed and (found := check(typed)):
            return found
        if typed:
            raise forms.ValidationError(BAD_REFERENCE)
        return ""

    def clean_email(self) -> str:
        typed = str(self.cleaned_data["email"])
        found = identifiers.email(typed)
        if found is None:
            raise forms.ValidationError(BAD_EMAIL)
        suggested = identifiers.suggest_email(found)
        if suggested and identifiers.email(self.data.get("email_confirmed", "")) != found:
            self.suggested_email = found
            raise forms.ValidationError(
                f"Vouliez-vous écrire {suggested}\u00a0? Corrigez l’adresse, ou envoyez à nouveau si elle est juste."
            )
        return found

    def clean_phone(self) -> str:
        typed = str(self.cleaned_data["phone"])
        if not typed:
            return ""
        found = phones.normalise(typed)
        if found is None:
            raise forms.ValidationError("Ce numéro n’est pas complet. Exemple\u00a0: 06 39 98 41 27.")
        if not phones.is_person_number(found):
            raise forms.ValidationError("Nous ne pouvons pas rappeler ce type de numéro. Donnez une ligne personnelle.")
        return found

    def clean_address(self) -> str:
        typed = str(self.cleaned_data["address"])
        postcode, _ = identifiers.find_postcode(typed)
        if not postcode and len([line for line in typed.splitlines() if line.strip()]) < 3:
            raise forms.ValidationError(
                "Ajoutez le code postal et la commune, par exemple 17320 Marennes. "
                "À l’étranger, écrivez la rue, la ville et le pays sur trois lignes."
            )
        return typed

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        kind = data.get("kind")
        if kind and kind != Kind.CITIZEN:
            self._clean_organisation(str(kind))
        else:
            data.update(organisation="", siret="", rna="")
        if data.get("channel") in {Channel.PHONE, Channel.SMS} and "phone" in data and not data["phone"]:
            self.add_error(
                "phone", "Écrivez un numéro de téléphone\u00a0: vous avez choisi de recevoir la réponse dessus."
            )
        return data

    def _clean_organisation(self, kind: str) -> None:
        data = self.cleaned_data
        if "organisation" in data and not data["organisation"]:
            self.add_error("organisation", "Écrivez le nom de l’organisme.")
        if kind == Kind.ASSOCIATION:
            found = identifiers.rna(data.get("rna", ""))
            if found is None and "rna" in data:
                self.add_error(
                    "rna", "Ce numéro RNA n’est pas juste\u00a0: W, puis 9 chiffres. Exemple\u00a0: W751000001."
                )
            data.update(rna=found or "", siret="")
            return
        number = identifiers.siret(data.get("siret", ""))
        if number is None and "siret" in data:
            self.add_error("siret", "Ce numéro SIRET n’est pas juste. Vérifiez ses 14 chiffres.")
        data.update(siret=number or "", rna="")

    def inbound(self, key: str, files: Any) -> InboundForm:
        data = self.cleaned_data
        postcode, town = identifiers.find_postcode(data["address"])
        department = identifiers.department_of(postcode)
        topic = directory().topics_by_code.get(data["topic"])
        channel = data["channel"]
        if data["no_electronic"] and channel in {Channel.EMAIL, Channel.SMS}:
            channel = Channel.PAPER.value
        claim = Claim(
            email=data["email"],
            phone=data["phone"],
            civility=data["civility"],
            first_name=data["first_name"],
            family_name=data["last_name"],
            kind=data["kind"],
            organisation_name=data["organisation"],
            siren=data["siret"][:9],
            siret=data["siret"],
            rna=data["rna"],
            address=data["address"],
            postcode=postcode,
            town=town,
            department=department,
            preferred_channel=channel,
            electronic_reply_refused=data["no_electronic"],
        )
        return InboundForm(
            key=key,
            claim=claim,
            subject=data["subject"],
            text=data["message"],
            topic_id=topic.pk if topic else None,
            department=department,
            about_reference=data["reference"],
            files=files,
        )


class FollowForm(forms.Form):
    reference = _text(
        "Numéro de demande", "Écrivez le numéro de la demande.", length=30,
        help_text="Il figure sur tous nos messages. Exemple\u00a0: 1604217.", inputmode="numeric", autocomplete="off",
    )  # fmt: skip
    email = forms.CharField(
        label="Adresse e-mail",
        max_length=254,
        help_text="Celle que vous avez donnée en écrivant à la Région. Nous y envoyons un code.",
        error_messages={"required": "Écrivez votre adresse e-mail."},
        widget=forms.EmailInput(attrs={"class": "saisie", "autocomplete": "email"}),
    )

    def clean_reference(self) -> str:
        found = check(str(self.cleaned_data["reference"]))
        if found is None:
            raise forms.ValidationError(BAD_REFERENCE)
        return found

    def clean_email(self) -> str:
        found = identifiers.email(str(self.cleaned_data["email"]))
        if found is None:
            raise forms.ValidationError(BAD_EMAIL)
        return found


class CodeForm(forms.Form):
    code = _text("Code reçu", "Écrivez le code reçu par e-mail.", length=12, help_text="6 chiffres.",
                 inputmode="numeric", autocomplete="one-time-code")  # fmt: skip
    code.widget.attrs["class"] = "saisie saisie--court"


class MessageForm(forms.Form):
    message = _long_text("Votre message", "", length=MESSAGE_MAX, rows=4)


class ReopenForm(forms.Form):
    message = _long_text(
        "Que manque-t-il\u00a0?", "Dites ce qui manque dans notre réponse.", length=MESSAGE_MAX, rows=4
    )


class FinderForm(forms.Form):
    """« Trouver mes aides »: four questions, each may be left."""

    profil = forms.ChoiceField(
        label="Vous êtes",
        required=False,
        choices=[("", "Je ne précise pas"), *Profile.choices],
        error_messages={"invalid_choice": "Choisissez dans la liste."},
        widget=forms.Select(attrs={"class": "saisie"}),
    )
    age = forms.IntegerField(
        label="Votre âge",
        required=False,
        min_value=0,
        max_value=120,
        help_text="Certaines aides ont un âge minimum ou maximum.",
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"), "Écrivez votre âge en chiffres, par exemple 19."
        ),
        widget=forms.TextInput(attrs={"class": "saisie saisie--court", "inputmode": "numeric", "autocomplete": "off"}),
    )
    departement = forms.ChoiceField(
        label="Vous habitez",
        required=False,
        choices=[("", "Je ne précise pas"), *DEPARTMENTS.items(), (ELSEWHERE, "Une autre région")],
        error_messages={"invalid_choice": "Choisissez dans la liste."},
        widget=forms.Select(attrs={"class": "saisie"}),
    )
    theme = forms.ChoiceField(
        label="Votre besoin",
        required=False,
        choices=[("", "Tous les thèmes"), *Theme.choices],
        error_messages={"invalid_choice": "Choisissez dans la liste."},
        widget=forms.Select(attrs={"class": "saisie"}),
    )

    def wanted(self) -> Wanted:
        said = self.cleaned_data
        return Wanted(said["profil"], said["age"], said["departement"], said["theme"])
