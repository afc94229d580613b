// An OpenID Connect provider for tests, on zitadel's library: oidc-provider PORT REDIRECT-URI...
//
// Clients: "info" gets roles and names from userinfo alone, "tokens" gets roles in its tokens, too; the secret of both
// is "s3cret-of-client". Their access tokens are JWTs. The machine "sid1" with the secret "verysecret" gets tokens for
// itself, which userinfo knows nothing of. Users: ann is an administrator, rob a reader, each with their name as the
// password; eve is whom userinfo takes for somebody else, and for mute it fails.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

var roles = map[string][]string{"ann": {"nacos-admin"}, "rob": {"readers"}, "eve": {"nacos-admin"}, "sid1": {"readers"}}

type users struct{}

func (users) GetUserByID(id string) *storage.User {
	return &storage.User{ID: id, Username: id, Password: id, Email: id + "@example.org"}
}

func (u users) GetUserByUsername(name string) *storage.User { return u.GetUserByID(name) }

func (users) ExampleClientID() string { return storage.ServiceUserID }

// withJWT is a client whose access tokens are JWTs.
type withJWT struct{ op.Client }

func (withJWT) AccessTokenType() op.AccessTokenType { return op.AccessTokenTypeJWT }

// provider is the library's storage with roles.
type provider struct{ *storage.Storage }

func (p provider) GetClientByClientID(ctx context.Context, id string) (op.Client, error) {
	found, err := p.Storage.GetClientByClientID(ctx, id)
	if err != nil {
		return nil, err
	}
	return withJWT{found}, nil
}

func (p provider) ClientCredentials(ctx context.Context, id, secret string) (op.Client, error) {
	found, err := p.Storage.ClientCredentials(ctx, id, secret)
	if err != nil {
		return nil, err
	}
	return withJWT{found}, nil
}

func (p provider) GetPrivateClaimsFromScopes(
	ctx context.Context, user, client string, scopes []string,
) (map[string]any, error) {
	claims, err := p.Storage.GetPrivateClaimsFromScopes(ctx, user, client, scopes)
	if err == nil && (client == "tokens" || client == "sid1") {
		if claims == nil {
			claims = map[string]any{}
		}
		claims["realm_access"] = map[string]any{"roles": roles[user]}
	}
	return claims, err
}

func (p provider) SetUserinfoFromToken(
	ctx context.Context, info *oidc.UserInfo, token, subject, origin string,
) error {
	if subject == "mute" {
		return errors.New("not today")
	}
	if err := p.Storage.SetUserinfoFromToken(ctx, info, token, subject, origin); err != nil {
		return err
	}
	info.AppendClaims("realm_access", map[string]any{"roles": roles[subject]})
	if subject == "eve" {
		info.Subject = "ann"
	}
	return nil
}

func main() {
	address := "127.0.0.1:" + os.Args[1]
	storage.RegisterClients(
		storage.WebClient("info", "s3cret-of-client", os.Args[2:]...),
		storage.WebClient("tokens", "s3cret-of-client", os.Args[2:]...),
	)
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	handler := exampleop.SetupServer("http://"+address+"/", provider{storage.NewStorage(users{})}, logger, false)
	fmt.Fprintln(os.Stderr, http.ListenAndServe(address, handler))
	os.Exit(1)
}
