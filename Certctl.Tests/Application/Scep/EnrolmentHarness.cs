using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Application;
using Certctl.Application.Challenges.Renewal;
using Certctl.Application.Challenges.Static;
using Certctl.Application.Enrolments;
using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Enrolments.Trail;
using Certctl.Application.Est;
using Certctl.Application.Issuers;
using Certctl.Application.Publication;
using Certctl.Application.Scep;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;
using Certctl.Tests.Fakes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using NSubstitute;
using Xunit;

namespace Certctl.Tests.Application.Scep;

/// <summary>The application as registered for the real server, between a scripted codec and in-memory stores.</summary>
internal sealed class EnrolmentHarness : IDisposable
{
    public static readonly DateTimeOffset Now = new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero);

    private readonly List<CertificateSigningRequest> _sent = [];
    private InMemoryJournal? _journal;
    private InMemoryCrls? _crls;
    private readonly ServiceProvider _services;
    private readonly IScepCodec _codec = Substitute.For<IScepCodec>();
    private readonly ICsrReader _csrs = Substitute.For<ICsrReader>();

    /// <param name="ahead">Of the database's clock, which is <see cref="Clock"/>, that of the process.</param>
    public EnrolmentHarness(
        CertificateProfile? profile = null, Func<EnrolmentPolicy, EnrolmentPolicy>? adjust = null, TimeSpan ahead = default)
    {
        Process = new WrongClock(Clock) { Ahead = ahead };
        Profiles = new FixedProfiles(profile ?? CertificateProfile.Default(Now));
        var services = new ServiceCollection()
            .AddLogging()
            .AddSingleton<TimeProvider>(Process)
            .AddSingleton(new DatabaseClock(_ => Task.FromResult(Clock.GetUtcNow()), Process))
            .AddSingleton<IEnrolmentJournal>(Journal)
            .AddSingleton<IEnrolmentRepository>(Journal)
            .AddSingleton<IReservations>(Journal)
            .AddSingleton<IAuditRepository>(Journal)
            .AddSingleton<IRevocationStore>(Crls)
            .AddSingleton<ICrlStore>(Crls)
            .AddSingleton(new IssuerRegistry(new IssuerGenerations(Issuer)))
            .AddSingleton<ICertificateProfileRepository>(Profiles)
            .AddSingleton(_csrs)
            .AddCertctlApplication()
            .AddSingleton(EstCodec);
        services.AddCertctlEst();
        _services = services.BuildServiceProvider();
        var policy = new EnrolmentPolicy
        {
            PathId = "corp",
            Issuers = new(Issuer),
            CertificateProfileId = CertificateProfile.DefaultId,
            Challenges =
            [
                new RenewalProof(),
                new StaticChallengeValidator(new Secret("the current secret"), new Secret("the secret before")),
            ],
            Limits = new EnrolmentLimits(TimeSpan.FromDays(90)),
        };
        Profile = new ScepProfile { Policy = adjust?.Invoke(policy) ?? policy, Capabilities = ScepCapability.Default, Codec = _codec };
        _codec.EncodeCertRep(default!, default!).ReturnsForAnyArgs(call =>
        {
            Reply = call.Arg<ScepReply>();
            return [0x30];
        });
        _csrs.ReadKept(default).ReturnsForAnyArgs(call =>
            _sent.Last(csr => csr.DerWithoutChallenge.Span.SequenceEqual(call.Arg<ReadOnlyMemory<byte>>().Span)));
    }

    /// <summary>Scripted.</summary>
    public IEstCodec EstCodec { get; } = Substitute.For<IEstCodec>();

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    /// <summary>The database's.</summary>
    public FakeTimeProvider Clock { get; } = new(Now);

    public WrongClock Process { get; }

    public InMemoryJournal Journal => _journal ??= new(Clock);

    public FixedProfiles Profiles { get; }

    public InMemoryCrls Crls => _crls ??= new(Clock);

    public FakeIssuer Issuer { get; } = new(Now.AddYears(5));

    public ScepProfile Profile { get; }

    public ScepReply? Reply { get; private set; }

    /// <summary>Has the request read again when it is issued after an approval.</summary>
    public void Keep(CertificateSigningRequest csr) => _sent.Add(csr);

    /// <summary>A request as the codec would have decoded it.</summary>
    public static CertificateSigningRequest Request(
        string commonName = "device-1", string? challenge = "the current secret", byte[]? keySeed = null, params string[] dnsNames) => new()
        {
            DerWithoutChallenge = System.Text.Encoding.UTF8.GetBytes(
                $"csr {commonName} {challenge} {Convert.ToHexString(keySeed ?? [1])} {string.Join(',', dnsNames)}"),
            Sha256 = SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(
                $"csr {commonName} {challenge} {Convert.ToHexString(keySeed ?? [1])} {string.Join(',', dnsNames)}")),
            Subject = Name(commonName),
            PublicKey = Key(keySeed ?? [1]),
            ChallengePassword = challenge is null ? null : new Secret(challenge),
            SubjectAltNames = [.. dnsNames.Select(dns => new SubjectAltName(SubjectAltNameKind.DnsName, dns, Dns(dns)))],
        };

    /// <summary>A self-signed signer with the key of the seed, or the journal's own certificate when given.</summary>
    public static RequestSigner Signer(
        byte[]? keySeed = null, string subject = "device-1", string? issuer = null, IssuedCertificate? of = null) => new()
        {
            CertificateDer = of?.Der ?? [9, 9],
            Subject = Name(subject),
            Issuer = Name(issuer ?? (of is null ? subject : "the CA")),
            SerialNumber = of is null ? new byte[] { 1 } : Convert.FromHexString(of.SerialNumber),
            PublicKey = Key(keySeed ?? [1]),
            NotBefore = Now.AddDays(-1),
            NotAfter = Now.AddDays(1),
        };

    public async Task<ScepReply> SendAsync(
        MessageType type, RequestSigner signer, CertificateSigningRequest? csr, string transactionId = "T-1")
    {
        var head = new ScepRequestHead
        {
            TransactionId = new TransactionId(transactionId),
            TransactionIdTag = 0x13,
            SenderNonce = new byte[16],
            MessageType = type,
            Signer = signer,
            DigestOid = "2.16.840.1.101.3.4.2.1",
            CipherOid = "2.16.840.1.101.3.4.1.2",
        };
        if (csr is not null)
            _sent.Add(csr);
        ScepContent content = csr is null ? new ScepContent.CertPoll() : new ScepContent.CertificationRequest(csr);
        Assert.IsType<ScepAnswer.Message>(await SendAsync(new ScepDecoding.PkiMessage(head, content)));
        return Reply!;
    }

    /// <summary>Answers a message for which the codec says <paramref name="decoding"/>.</summary>
    public Task<ScepAnswer> SendAsync(ScepDecoding decoding)
    {
        _codec.Decode(default).ReturnsForAnyArgs(decoding);
        return Responder.AnswerAsync(Profile, new byte[1], posted: true, new RequestOrigin("192.0.2.1", "r-1"), CancellationToken.None);
    }

    /// <summary>Makes the CRLs that are due.</summary>
    public Task PublishAsync() => _services.GetRequiredService<CrlPublisher>().LookAsync(default);

    public void Dispose() => _services.Dispose();

    public EnrolmentRunner Runner => _services.GetRequiredService<EnrolmentRunner>();

    private ScepResponder Responder => _services.GetRequiredService<ScepResponder>();

    internal static SubjectName Name(string commonName)
    {
        var der = new X500DistinguishedName($"CN={commonName}").RawData;
        return new SubjectName { Der = der, Rdns = [[new NameAttribute("2.5.4.3", commonName, der.AsMemory(11))]] };
    }

    private static byte[] Dns(string name) => [0x82, (byte)name.Length, .. System.Text.Encoding.ASCII.GetBytes(name)];

    private static PublicKeyInfo Key(byte[] seed) => new()
    {
        Der = seed,
        Algorithm = KeyAlgorithm.Ecdsa,
        Bits = 256,
        CurveOid = "1.2.840.10045.3.1.7",
        Sha256 = SHA256.HashData(seed),
    };
}
