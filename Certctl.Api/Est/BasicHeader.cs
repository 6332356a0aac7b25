using System.Text;
using Certctl.Application.Est.Access;
using Certctl.Domain.Enrolments;

namespace Certctl.Api.Est;

/// <summary>The Authorization header of HTTP Basic (RFC 7617 §2), with UTF-8.</summary>
internal static class BasicHeader
{
    private const string Scheme = "Basic ";

    /// <summary>Null: none, of another scheme, or not readable; the client is asked for one.</summary>
    public static BasicCredentials? Read(HttpRequest request)
    {
        if (request.Headers.Authorization is not [{ } header] || !header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            return null;
        var encoded = header.AsSpan(Scheme.Length).Trim();
        var octets = new byte[encoded.Length];
        if (!Convert.TryFromBase64Chars(encoded, octets, out var length))
            return null;

        // RFC 7030 §3.2.3: the user name may be empty. A colon in the password is part of it.
        return Encoding.UTF8.GetString(octets, 0, length).Split(':', 2) is [var user, var password]
            ? new BasicCredentials(user, new Secret(password))
            : null;
    }
}
