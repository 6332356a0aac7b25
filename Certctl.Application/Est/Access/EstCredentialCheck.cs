using Certctl.Application.ClientCertificates;
using Certctl.Application.Enrolments.Trail;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Est.Access;

/// <summary>What the credentials of a client prove, by the modes of the endpoint.</summary>
public sealed class EstCredentialCheck(ClientCertificateCheck certificates, IEstCodec codec, WrongPasswords wrongPasswords)
{
    /// <summary>The client with what is proven, and why it is not let in.</summary>
    public async Task<(EstClient Client, EnrolmentFailure? Failure)> JudgeAsync(
        EstProfile profile, ShownCredentials shown, EnrolmentKind kind, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // The certificate that is renewed is judged by the journal, in the signer check; on the mTLS route by the bundle too.
        var (client, untrusted) = shown.OnMtlsRoute || !kind.IsRenewal()
            ? await JudgeCertificateAsync(profile, shown, now, cancellationToken)
            : (WithCertificate(shown, codec.ReadCertificate(shown.Certificates?.Certificate ?? default)), null);
        // One that does not count never falls through to operators.
        if (untrusted is not null && (shown.OnMtlsRoute || untrusted.Reason == FailureReason.ClientCertificateRevoked
            || (profile.Takes(EstAuthModes.Mtls) && profile.Takes(EstAuthModes.Approval) && shown.Certificates is not null)))
            return (client, untrusted);
        if (kind.IsRenewal() && client.Certificate is null)
        {
            return (client, new EnrolmentFailure(
                FailureReason.ClientCertificateMissing, "simplereenroll, and the TLS client showed no certificate that can be read"));
        }

        // What a certificate proves needs no password, so a block of the address, which others may share, does not concern it.
        var byCertificate = kind.IsRenewal() || (client.IsTrusted && profile.Takes(EstAuthModes.Mtls));
        if (profile.Takes(EstAuthModes.Basic) && shown.Basic is { } basic
            && !(byCertificate && IsBlocked(profile, shown.Origin.SourceAddress)))
        {
            if (Compare(profile, basic, shown.Origin.SourceAddress, out var passwordId) is { } wrong)
                return (client, wrong);
            client = client with { PasswordId = passwordId, UserName = basic.UserName };
        }

        var isProven = byCertificate || client.PasswordId is not null || profile.TakesRequestsWithoutCredentials;
        return (client, isProven ? null : Missing(profile, untrusted));
    }

    /// <summary>The client by its certificate alone, and why that does not let it in.</summary>
    public async Task<(EstClient Client, EnrolmentFailure? Failure)> JudgeCertificateAsync(
        EstProfile profile, ShownCredentials shown, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (profile.ClientTrust is not { } trust)
            return (new EstClient(shown.Origin), null);
        var (certificate, failure) = await certificates.JudgeAsync(
            new GuardedEndpoint(profile.Policy, trust, EstProtocol.Name), shown.Certificates, now, cancellationToken);
        return (WithCertificate(shown, certificate) with { IsTrusted = failure is null }, failure);
    }

    private EstClient WithCertificate(ShownCredentials shown, RequestSigner? certificate) =>
        new(shown.Origin with { ClientCertificate = EnrolmentTrail.Describe(certificate) })
        {
            Certificate = certificate,
            CertificateNames = certificate is null ? [] : codec.ReadNames(certificate.CertificateDer),
        };

    private bool IsBlocked(EstProfile profile, string? address) =>
        wrongPasswords.BlockedUntil(profile.PathId, address, profile.MaxWrongPasswords) is not null;

    private EnrolmentFailure? Compare(EstProfile profile, BasicCredentials basic, string? address, out string? passwordId)
    {
        passwordId = null;
        if (wrongPasswords.FindBlock(profile.PathId, address, profile.MaxWrongPasswords) is { } blocked)
            return blocked;

        // Both are compared whatever the first says: the time does not tell which one was right.
        var (current, previous) = profile.Passwords.Secrets;
        var isCurrent = current?.Matches(basic.Password) ?? false;
        var isPrevious = previous?.Matches(basic.Password) ?? false;
        passwordId = isCurrent ? "current" : isPrevious ? "previous" : null;
        if (passwordId is not null)
            return null;
        wrongPasswords.Count(profile.PathId, address);
        return new(FailureReason.PasswordWrong, "the password of HTTP Basic is neither the current nor a previous one");
    }

    private static EnrolmentFailure Missing(EstProfile profile, EnrolmentFailure? untrusted)
    {
        if (profile.Takes(EstAuthModes.Basic))
            return new(FailureReason.CredentialsMissing, "no password by HTTP Basic, and no client certificate that counts");
        return untrusted ?? new(FailureReason.ClientCertificateMissing, "the TLS client showed no certificate");
    }
}
