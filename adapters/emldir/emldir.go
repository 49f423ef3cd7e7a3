// Package emldir writes mails as .eml files into a folder instead of sending them: a [leads.Mailer] for development, for tests and for
// the first minutes with the library. Any mail program opens the files.
//
//	mailer := emldir.New("outbox")
//	notifier := notify.Email(mailer, "sales@example.com")
//
// A file appears whole or not at all. Mails with the same Message-ID are one file, so a retry makes no second mail.
package emldir

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/internal/mime"
)

// stampLayout makes file names that sort by time: "20261123T120501.123456Z".
const stampLayout = "20060102T150405.000000Z"

// Mailer writes mails into a folder. Use New to make one. It may be used concurrently; two processes may share a folder, but a
// mail that both send at the same moment may then be two files.
type Mailer struct {
	dir string
	mu  sync.Mutex // held while a file name is chosen and taken
}

// New returns a Mailer for the folder, which the first mail or Check makes if need be.
func New(dir string) *Mailer { return &Mailer{dir: dir} }

// Check reports as fatal a folder that cannot be made or written to.
func (m *Mailer) Check(context.Context) []leads.Finding {
	name, err := m.write(nil)
	if err != nil {
		return []leads.Finding{{Fatal: true, Part: "mailer", Message: err.Error(), Fix: "name a folder that this program may write to"}}
	}
	_ = os.Remove(name) // an empty file without the .eml name is in nobody's way
	return nil
}

// Send writes the mail into a new file, or over the one with the same Message-ID, and returns its name as the receipt's ID. A mail
// without a Message-ID is given one. A field that cannot be written (an address that is none, a header with a line break) is a permanent
// error that names it; what the file system refuses may be tried again.
func (m *Mailer) Send(ctx context.Context, mail leads.Email) (leads.Receipt, error) {
	if err := ctx.Err(); err != nil {
		return leads.Receipt{}, err
	}
	mail, err := mime.Prepare(mail)
	if err != nil {
		return leads.Receipt{}, fmt.Errorf("emldir: %w", err)
	}
	now := time.Now().UTC()
	content, err := compose(mail, now)
	if err != nil {
		return leads.Receipt{}, err
	}
	temp, err := m.write(content)
	if err != nil {
		return leads.Receipt{}, err
	}
	name, err := m.publish(temp, mail.MessageID, now)
	if err != nil {
		_ = os.Remove(temp)
		return leads.Receipt{}, fmt.Errorf("emldir: %w", err)
	}
	return leads.Receipt{ID: name}, nil
}

// write writes a file that no reader takes for a mail yet, and returns its path. Mails hold personal data: only the owner may read.
func (m *Mailer) write(content []byte) (string, error) {
	if err := os.MkdirAll(m.dir, 0o700); err != nil {
		return "", fmt.Errorf("emldir: %w", err)
	}
	file, err := os.CreateTemp(m.dir, ".writing-*")
	if err != nil {
		return "", fmt.Errorf("emldir: %w", err)
	}
	_, err = file.Write(content)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		_ = os.Remove(file.Name())
		return "", fmt.Errorf("emldir: %w", err)
	}
	return file.Name(), nil
}

// publish gives a written file its name: that of the earlier mail with the same Message-ID, or a new one.
func (m *Mailer) publish(temp, messageID string, now time.Time) (string, error) {
	sum := sha256.Sum256([]byte(messageID))
	suffix := "-" + hex.EncodeToString(sum[:8]) + extension
	m.mu.Lock()
	defer m.mu.Unlock()
	names, err := m.names()
	if err != nil {
		return "", err
	}
	name := now.Format(stampLayout) + suffix
	for _, old := range names {
		if strings.HasSuffix(old, suffix) {
			name = old
			break
		}
	}
	return name, os.Rename(temp, filepath.Join(m.dir, name))
}
