package localaws

import (
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Namespaces of the answers, from the service models of AWS's SDKs.
var namespaces = map[string]string{
	"sts": "https://sts.amazonaws.com/doc/2011-06-15/",
	"iam": "https://iam.amazonaws.com/doc/2010-05-08/",
}

// apiError is an error as the query protocol carries it.
type apiError struct {
	status        int
	code, message string
}

func (e apiError) Error() string { return e.code + ": " + e.message }

func errorf(status int, code, format string, args ...any) error {
	return apiError{status, code, fmt.Sprintf(format, args...)}
}

// answer is what goes back to the client.
type answer struct {
	status int
	code   string // AWS's error code, for the log
	body   []byte
	typ    string // Content-Type
}

// reply makes the answer to c out of what its action returned.
func reply(c *call, result any, err error) answer {
	if c.json {
		return jsonReply(result, err)
	}
	if err != nil {
		return failure(c, err)
	}
	body := marshal(envelope{c: c, result: result})
	return answer{status: http.StatusOK, body: body, typ: "text/xml"}
}

func failure(c *call, err error) answer {
	if c.json {
		return jsonReply(nil, err)
	}
	var e apiError
	if !errors.As(err, &e) {
		e = apiError{http.StatusInternalServerError, "ServiceFailure", "localaws: internal error"}
	}
	var doc struct {
		XMLName   xml.Name
		Error     struct{ Type, Code, Message string }
		RequestID string `xml:"RequestId"`
	}
	doc.XMLName = xml.Name{Space: c.namespace(), Local: "ErrorResponse"}
	doc.Error.Type, doc.Error.Code, doc.Error.Message = "Sender", e.code, e.message
	doc.RequestID = c.id
	return answer{status: e.status, code: e.code, body: marshal(doc), typ: "text/xml"}
}

// envelope wraps a result as every answer of the query protocol is wrapped:
// <XResponse><XResult>…</XResult><ResponseMetadata/></XResponse>. An action
// without a result has no XResult.
type envelope struct {
	c      *call
	result any
}

func (v envelope) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	start := xml.StartElement{Name: xml.Name{Space: v.c.namespace(), Local: v.c.action + "Response"}}
	meta := struct {
		RequestID string `xml:"RequestId"`
	}{v.c.id}
	if err := e.EncodeToken(start); err != nil {
		return err
	}
	if v.result != nil {
		if err := e.EncodeElement(v.result, element(v.c.action+"Result")); err != nil {
			return err
		}
	}
	if err := e.EncodeElement(meta, element("ResponseMetadata")); err != nil {
		return err
	}
	return e.EncodeToken(start.End())
}

func element(name string) xml.StartElement {
	return xml.StartElement{Name: xml.Name{Local: name}}
}

func marshal(v any) []byte {
	b, err := xml.Marshal(v)
	if err != nil {
		panic("localaws: internal error: " + err.Error())
	}
	return b
}

// stamp is t as AWS writes it: UTC, to the second.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
