using Certctl.Api.Configuration;
using Certctl.Api.Configuration.Est;
using Certctl.Api.Est;
using Certctl.Api.Hosting.Http;
using Certctl.Api.Hosting.Startup;
using Certctl.Application;
using Certctl.Application.Challenges;
using Certctl.Application.Challenges.Renewal;
using Certctl.Application.Challenges.Static;
using Certctl.Application.Enrolments;
using Certctl.Application.Est;
using Certctl.Application.Est.Access;
using Certctl.Application.Est.CsrAttributes;
using Certctl.Application.Est.ServerKeys;
using Certctl.Application.Issuers;
using Certctl.Application.Scep;
using Certctl.Infrastructure.Crypto.Est;
using Certctl.Infrastructure.Crypto.Mtls;
using Certctl.Infrastructure.Issuers.LocalCa;

namespace Certctl.Api.Hosting;

/// <summary>EST as the server runs it, made of checked options and checked material.</summary>
internal static class EstRegistration
{
    public static void AddEst(this IServiceCollection services, CertctlOptions options, PreflightMaterial material)
    {
        services.AddCertctlEst();
        services.AddSingleton<IEstCodec, EstCodec>();
        services.AddSingleton(new EstTrusts(options, material));
        services.AddSingleton(provider => new EstProfileTable(options.EstProfiles.Select(profile => Profile(
            options, profile, provider))));
        services.AddSingleton(provider => new PublishedPath(material.Ca, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new EstServices(
            provider.GetRequiredService<EstGate>(),
            provider.GetRequiredService<EstEnrolment>(),
            provider.GetRequiredService<IEstCodec>(),
            provider.GetRequiredService<OperationGate>(),
            options.Server.MaxBodySize));
        services.AddSingleton<EstOperation, CaCertsOperation>();
        services.AddSingleton<EstOperation, SimpleEnrollOperation>();
        services.AddSingleton<EstOperation, SimpleReenrollOperation>();
        services.AddSingleton<EstOperation, CsrAttrsOperation>();
        services.AddSingleton<ICsrAttributesWriter, CsrAttributesWriter>();
        services.AddSingleton<EstOperation, ServerKeyGenOperation>();
        services.AddSingleton<IServerKeyCodec, ServerKeyCodec>();
        services.AddSingleton(_ => new KeyGenerationGate(options.EstKeyGenerations, KeyGenerationGate.DefaultPatience));
    }

    private static EstProfile Profile(CertctlOptions options, EstProfileOptions profile, IServiceProvider provider)
    {
        var published = provider.GetRequiredService<PublishedPath>();
        var passwords = new StaticChallengeValidator(profile.Password, profile.PreviousPassword);
        return new EstProfile
        {
            Policy = new EnrolmentPolicy
            {
                PathId = profile.PathId,
                CertificateProfileId = profile.CertificateProfileId,
                Issuers = provider.GetRequiredService<IssuerRegistry>().Default,
                Challenges = [.. Challenges(profile, passwords, provider.GetRequiredService<WrongPasswords>())],
                Limits = new EnrolmentLimits(options.Ca.Validity),
                Windows = new EnrolmentWindows { Retry = profile.RetryWindow, Pending = profile.PendingWindow },

                // SCEP is never without a challenge; devices keep renewing where it was served before.
                TakesCertificatesOf = [ScepProtocol.Name],
                Compliance = provider.GetRequiredService<ComplianceServices>().PolicyOf(EndpointNaming.Est, profile.PathId),
            },
            Modes = profile.Modes,
            Passwords = passwords,
            MaxWrongPasswords = profile.MaxWrongPasswords,
            ClientTrust = provider.GetRequiredService<EstTrusts>().Find(profile.PathId),
            ServesRenewals = profile.ServesRenewals,
            ServesServerKeys = profile.ServerKeyGen,
            SharedKeys = profile.SharedKeys,

            // Of several modes the request shows which one it means; a challengePassword is asked for where there is no other.
            CsrAttributes = new CsrAttributesForm(profile.Modes == EstAuthModes.Challenge, profile.HasRequestTemplate),
            BreaksLines = profile.BreaksLines,
            CaCertificates = () => published.Certificates,
        };
    }

    /// <summary>Whether EST is served at this path, and lets in no client without authentication.</summary>
    public static bool AuthenticatesAt(string pathId, IEnumerable<EstProfileOptions> profiles) =>
        profiles.FirstOrDefault(profile => profile.PathId == pathId) is { } found && found.Modes != EstAuthModes.Anonymous;

    // A renewal comes first: it is recognised by its kind, and asks the others for the password that it may carry. Beside other modes
    // approval is a condition; alone it lets all in, and operators decide.
    public static IEnumerable<IChallengeValidator> Challenges(
        EstProfileOptions profile, StaticChallengeValidator passwords, WrongPasswords wrong)
    {
        var (modes, limit) = (profile.Modes, profile.PerPrincipalLimit);
        var approval = modes.HasFlag(EstAuthModes.Approval);
        yield return new RenewalProof();
        if (modes.HasFlag(EstAuthModes.Challenge))
            yield return new ChallengePasswordProof(passwords, wrong, profile.MaxWrongPasswords, limit) { NeedsApproval = approval };
        if (modes.HasFlag(EstAuthModes.Basic))
            yield return new BasicProof(limit) { NeedsApproval = approval };
        if (modes.HasFlag(EstAuthModes.Mtls))
            yield return new ClientCertificateProof(limit, profile.CertificateMayChangeNames) { NeedsApproval = approval };
        if (modes == EstAuthModes.Approval)
            yield return new ApprovalProof(limit);
        if (modes == EstAuthModes.Anonymous)
            yield return new AnonymousProof(limit);
    }
}

/// <summary>The trust bundles of the EST profiles that have one: what a reload exchanges.</summary>
internal sealed class EstTrusts(CertctlOptions options, PreflightMaterial material)
{
    private readonly Dictionary<string, BundleTrust> _byPathId = material.EstClientCas.ToDictionary(
        cas => cas.Key,
        cas => new BundleTrust(cas.Value, new Dictionary<string, System.Security.Cryptography.X509Certificates.X509Certificate2>
        {
            [options.Ca.IssuerId] = material.Ca.Certificate,
        }),
        StringComparer.Ordinal);

    public BundleTrust? Find(string pathId) => _byPathId.GetValueOrDefault(pathId);
}
