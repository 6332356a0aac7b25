using Certctl.Domain.Enrolments;

namespace Certctl.Api.Rest.Access;

/// <summary>What the pages show to the OpenID Connect issuer; null: a public client. A reload exchanges it.</summary>
internal sealed class OidcClientSecret(Secret? secret)
{
    private volatile Secret? _current = secret;

    public Secret? Current => _current;

    public void Exchange(Secret? secret) => _current = secret;
}
