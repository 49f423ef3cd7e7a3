package ingest

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// target is what a preset takes a member for.
type target uint8

const (
	asIs       target = iota // whatever it is called
	asFullName               // a full name, which is split
	asEmail                  // from here on the known fields, in the order of KnownFields
	asFirstName
	asLastName
	asPhone
	asCompany
)

// labels are the names that people and form builders give to the known fields, as plainLabel writes them: English, German, French,
// Spanish, Italian, Portuguese and Dutch.
var labels = map[string]target{
	"email": asEmail, "emailaddress": asEmail, "youremail": asEmail, "youremailaddress": asEmail, "mail": asEmail, "workemail": asEmail,
	"businessemail": asEmail, "companyemail": asEmail, "contactemail": asEmail, "emailid": asEmail, "useremail": asEmail, "replyto": asEmail,
	"workemailaddress": asEmail, "businessemailaddress": asEmail, "whatisyouremail": asEmail, "whatsyouremail": asEmail, "whatisyouremailaddress": asEmail,
	"whatsyouremailaddress": asEmail, "emailadresse": asEmail, "ihreemail": asEmail, "ihreemailadresse": asEmail, "deineemail": asEmail, "courriel": asEmail,
	"adresseemail": asEmail, "adressemail": asEmail, "votreemail": asEmail, "correo": asEmail, "correoelectronico": asEmail, "correoelectrónico": asEmail,
	"indirizzoemail": asEmail, "emailadres": asEmail,

	"firstname": asFirstName, "fname": asFirstName, "givenname": asFirstName, "forename": asFirstName, "yourfirstname": asFirstName, "first": asFirstName,
	"whatisyourfirstname": asFirstName, "whatsyourfirstname": asFirstName, "vorname": asFirstName, "prenom": asFirstName, "prénom": asFirstName,
	"primeironome": asFirstName, "voornaam": asFirstName,

	"lastname": asLastName, "lname": asLastName, "surname": asLastName, "familyname": asLastName, "yourlastname": asLastName, "last": asLastName,
	"whatisyourlastname": asLastName, "whatsyourlastname": asLastName, "nachname": asLastName, "familienname": asLastName, "nomdefamille": asLastName,
	"apellido": asLastName, "apellidos": asLastName, "cognome": asLastName, "sobrenome": asLastName, "achternaam": asLastName,

	"name": asFullName, "fullname": asFullName, "yourname": asFullName, "yourfullname": asFullName, "contactname": asFullName, "whatisyourname": asFullName,
	"whatsyourname": asFullName, "whatisyourfullname": asFullName, "whatsyourfullname": asFullName, "ihrname": asFullName, "deinname": asFullName,
	"nomcomplet": asFullName, "votrenom": asFullName, "nombre": asFullName, "nombrecompleto": asFullName, "tunombre": asFullName, "nomecompleto": asFullName, "naam": asFullName,

	"phone": asPhone, "phonenumber": asPhone, "telephone": asPhone, "telephonenumber": asPhone, "tel": asPhone, "mobile": asPhone, "mobilenumber": asPhone,
	"mobilephone": asPhone, "mobilephonenumber": asPhone, "cell": asPhone, "cellphone": asPhone, "contactnumber": asPhone, "yourphone": asPhone, "yourphonenumber": asPhone,
	"workphone": asPhone, "workphonenumber": asPhone, "whatisyourphonenumber": asPhone, "whatsyourphonenumber": asPhone, "telefon": asPhone, "telefonnummer": asPhone, "handynummer": asPhone,
	"téléphone": asPhone, "numérodetéléphone": asPhone, "telefono": asPhone, "teléfono": asPhone, "telefone": asPhone, "telefoonnummer": asPhone,

	"company": asCompany, "companyname": asCompany, "organization": asCompany, "organisation": asCompany, "organizationname": asCompany, "organisationname": asCompany,
	"business": asCompany, "businessname": asCompany, "yourcompany": asCompany, "yourcompanyname": asCompany, "employer": asCompany, "whatisyourcompany": asCompany,
	"whatsyourcompany": asCompany, "whatisyourcompanyname": asCompany, "whatisthenameofyourcompany": asCompany, "firma": asCompany, "unternehmen": asCompany, "entreprise": asCompany,
	"société": asCompany, "societe": asCompany, "empresa": asCompany, "azienda": asCompany, "bedrijf": asCompany, "bedrijfsnaam": asCompany,
}

// maxLabel bounds the labels that are looked at: a question of many words is none of a known field.
const maxLabel = 64

// labelled returns the known field that a field with this label is taken for, or asIs.
func labelled(label []byte) target {
	if len(label) > maxLabel {
		return asIs
	}
	var room [maxLabel]byte
	return labels[string(plainLabel(room[:0], label))]
}

// plainLabel appends the letters of a label in lower case, without blanks, punctuation and the number that builders put behind it
// ("Email Address *", "email_1657", "data__email").
func plainLabel(dst, label []byte) []byte {
	if i := strings.LastIndex(string(label), "__"); i >= 0 && i+2 < len(label) {
		label = label[i+2:]
	}
	for len(label) > 0 {
		r, n := utf8.DecodeRune(label)
		if unicode.IsLetter(r) {
			dst = utf8.AppendRune(dst, unicode.ToLower(r))
		}
		label = label[n:]
	}
	return dst
}
