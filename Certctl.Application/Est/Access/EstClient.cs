using Certctl.Application.ClientCertificates;
using Certctl.Application.Enrolments;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Est.Access;

/// <summary>Credentials of HTTP Basic (RFC 7617 §2). RFC 7030 §3.2.3: the user name may be empty.</summary>
public sealed record BasicCredentials(string UserName, Secret Password);

/// <summary>What a client shows of itself before its request is read.</summary>
/// <param name="Certificates">Of the TLS handshake; null: none, or the connection was not asked for one.</param>
/// <param name="Basic">Null: none that can be read.</param>
/// <param name="OnMtlsRoute">It came to <c>est-mtls</c>, where every operation wants a certificate.</param>
public sealed record ShownCredentials(RequestOrigin Origin, ShownCertificates? Certificates, BasicCredentials? Basic, bool OnMtlsRoute);

/// <summary>A client that the gate let in, with what of its credentials is proven.</summary>
/// <param name="Origin">Says with which certificate it came.</param>
public sealed record EstClient(RequestOrigin Origin)
{
    /// <summary>Which of the endpoint's passwords it knows, <c>current</c> or <c>previous</c>; null: it has shown none.</summary>
    public string? PasswordId { get; init; }

    /// <summary>Of Basic; whatever it likes.</summary>
    public string UserName { get; init; } = "";

    /// <summary>Of the TLS handshake: it holds the key. Null: none.</summary>
    public RequestSigner? Certificate { get; init; }

    /// <summary>The subject alternative names of <see cref="Certificate"/>.</summary>
    public IReadOnlyList<SubjectAltName> CertificateNames { get; init; } = [];

    /// <summary>The certificate leads to the endpoint's bundle and, if it is one of ours, is not revoked.</summary>
    public bool IsTrusted { get; init; }

    /// <summary>The trusted certificate is one of ours, and counts at this endpoint.</summary>
    public bool IsOurs { get; init; }

    /// <summary>Whether the request has the subject of the certificate, and no alternative name beyond those of it.</summary>
    public bool HasNamesOf(CertificateSigningRequest csr) => Certificate is { } certificate
        && csr.Subject.SameAs(certificate.Subject)
        && csr.SubjectAltNames.All(name => CertificateNames.Any(name.SameAs));

    /// <summary>
    /// Whether the request renews the certificate: by its operation, or since a certificate of ours alone authenticates a request for its
    /// own names. RFC 7030 §4.2.2 has simplereenroll for that; without this rule the other operations would not be held to the certificate
    /// profile's rules for renewals.
    /// </summary>
    public bool Renews(EstProfile profile, EnrolmentKind kind, CertificateSigningRequest csr) => kind.IsRenewal()
        || (IsOurs && profile.Takes(EstAuthModes.Mtls) && PasswordId is null && csr.ChallengePassword is null && HasNamesOf(csr));
}

/// <summary>Result of the gate.</summary>
public abstract record EstAdmission
{
    private EstAdmission()
    {
    }

    public sealed record Admitted(EstClient Client) : EstAdmission;

    public sealed record Refused(EnrolmentFailure Failure) : EstAdmission;
}
