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
        var (client, untrusted) = kind.IsRenewal()
            ? await JudgeRenewingAsync(profile, shown, now, cancellationToken)
            : await JudgeCertificateAsync(profile, shown, now, cancellationToken);
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

    /// <summary>
    /// The client, and why it must not have what is public but on the mTLS route. A certificate of ours counts there whatever the bundle
    /// says: before a device renews it asks for the CA certificates and for what a request should have.
    /// </summary>
    public async Task<(EstClient Client, EnrolmentFailure? Failure)> JudgeReaderAsync(
        EstProfile profile, ShownCredentials shown, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (client, failure) = await JudgeCertificateAsync(profile, shown, now, cancellationToken);
        if (failure?.Reason != FailureReason.ClientCertificateUntrusted || client.Certificate is not { } certificate)
            return (client, failure);
        var (isOurs, defect) = await certificates.JudgeOursAsync(Endpoint(profile, profile.ClientTrust!), certificate, cancellationToken);
        return (client, isOurs ? defect : failure);
    }

    // The certificate that is renewed is judged by the journal, in the signer check, which also knows whose lost answer is sent again. On
    // the mTLS route one that is not in the journal must be of the bundle, which may be that of a manufacturer alone.
    private async Task<(EstClient Client, EnrolmentFailure? Failure)> JudgeRenewingAsync(
        EstProfile profile, ShownCredentials shown, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var client = WithCertificate(shown, codec.ReadCertificate(shown.Certificates?.Certificate ?? default));
        if (!shown.OnMtlsRoute || profile.ClientTrust is not { } trust)
            return (client, null);
        return client.Certificate is { } certificate
            && (await certificates.JudgeOursAsync(Endpoint(profile, trust), certificate, cancellationToken)).IsOurs
                ? (client, null)
                : await JudgeCertificateAsync(profile, shown, now, cancellationToken);
    }

    /// <summary>The client by its certificate alone, and why that does not let it in.</summary>
    private async Task<(EstClient Client, EnrolmentFailure? Failure)> JudgeCertificateAsync(
        EstProfile profile, ShownCredentials shown, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (profile.ClientTrust is not { } trust)
            return (new EstClient(shown.Origin), null);
        var (certificate, failure, isOurs) = await certificates.JudgeAsync(
            Endpoint(profile, trust), shown.Certificates, now, cancellationToken);
        var isTrusted = failure is null;
        return (WithCertificate(shown, certificate) with { IsTrusted = isTrusted, IsOurs = isTrusted && isOurs }, failure);
    }

    private static GuardedEndpoint Endpoint(EstProfile profile, IClientTrust trust) => new(profile.Policy, trust, EstProtocol.Name);

    private EstClient WithCertificate(ShownCredentials shown, RequestSigner? certificate) =>
        new(shown.Origin with { ClientCertificate = EnrolmentTrail.Describe(certificate, shown.Certificates) })
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
