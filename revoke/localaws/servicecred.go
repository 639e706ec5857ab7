package localaws

import (
	"net/http"
	"slices"
	"strings"
)

// serviceCredential is a service-specific credential, of which the server keeps no
// secret: none of its services are here.
type serviceCredential struct {
	id, service, alias string
	user               *identity
	status             Status
}

// AddServiceCredential gives the user a service-specific credential, such as an API
// key of bedrock.amazonaws.com, by its alias, and returns its ID.
func (s *Server) AddServiceCredential(account, user, service, alias string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := newEntityID(s.rand, "ACCA")[:20]
	s.state.services = append(s.state.services, &serviceCredential{id, service, alias, s.user(account, user), Active})
	return id
}

// ServiceStatus returns the status of a service-specific credential; "" is that
// there is none.
func (s *Server) ServiceStatus(id string) Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.state.services {
		if c.id == id {
			return c.status
		}
	}
	return absent
}

type serviceMetadata struct {
	UserName                    string
	Status                      Status
	ServiceUserName             string `xml:",omitempty"`
	ServiceCredentialAlias      string `xml:",omitempty"`
	CreateDate                  string
	ServiceSpecificCredentialId string
	ServiceName                 string
}

// listServiceCredentials lists all users' only if AllUsers asks for them.
func (s *Server) listServiceCredentials(c *call) (any, error) {
	all := c.form.Get("AllUsers") == "true"
	var u *identity
	var err error
	if all {
		err = s.authorize(c, "*")
	} else {
		u, err = s.target(c)
	}
	if err != nil {
		return nil, err
	}
	var found []serviceMetadata
	for _, k := range s.state.services {
		if k.user.account != c.caller().account || !all && k.user != u {
			continue
		}
		m := serviceMetadata{UserName: k.user.name, Status: k.status, CreateDate: stamp(k.user.created), ServiceSpecificCredentialId: k.id, ServiceName: k.service}
		if strings.HasPrefix(k.service, "bedrock") || strings.HasPrefix(k.service, "logs") {
			m.ServiceCredentialAlias = k.alias
		} else {
			m.ServiceUserName = k.alias
		}
		found = append(found, m)
	}
	page, p, err := paginate(c, found)
	return struct {
		ServiceSpecificCredentials list[serviceMetadata]
		paging
	}{list[serviceMetadata]{page}, p}, err
}

// theServiceCredential returns the one that the request is about, and its place.
func (s *Server) theServiceCredential(c *call) (*serviceCredential, int, error) {
	u, err := s.target(c)
	if err != nil {
		return nil, 0, err
	}
	id := c.form.Get("ServiceSpecificCredentialId")
	i := slices.IndexFunc(s.state.services, func(k *serviceCredential) bool { return k.id == id && k.user == u })
	if i < 0 {
		return nil, 0, errorf(http.StatusNotFound, "NoSuchEntity", "The service specific credential with id %s cannot be found.", id)
	}
	return s.state.services[i], i, nil
}

func (s *Server) updateServiceCredential(c *call) (any, error) {
	k, _, err := s.theServiceCredential(c)
	if err != nil {
		return nil, err
	}
	status := Status(c.form.Get("Status"))
	if status != Active && status != Inactive {
		return nil, invalid("Value '%s' at 'status' failed to satisfy constraint", status)
	}
	k.status = status
	return nil, nil
}

func (s *Server) deleteServiceCredential(c *call) (any, error) {
	_, i, err := s.theServiceCredential(c)
	if err != nil {
		return nil, err
	}
	s.state.services = slices.Delete(s.state.services, i, i+1)
	return nil, nil
}
