using System.Net;
using System.Security.Cryptography;
using Certctl.Domain.Enrolments;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Conformance.Rfc8894;

/// <summary>Two SCEP profiles on one server share nothing but the CA.</summary>
public sealed class ProfileIsolationTests(TwoProfiles server) : IClassFixture<TwoProfiles>
{
    [Theory]
    [InlineData("/scep/corp")]
    [InlineData("/scep/corp/")]
    [InlineData("/scep/corp/pkiclient.exe")]
    [InlineData("/scep/corp/anything/else")]
    [Trait("Conformance", "S-T9")]
    public async Task Whatever_stands_behind_its_name_leads_to_the_profile(string path)
    {
        using var wire = server.Host.Connect(path);
        Assert.Equal("CN=RA corp", (await wire.CaCertificatesAsync())[0].Subject);
        var device = ScepDevice.Shared();
        (await wire.SendAsync((await wire.RequestAsync(device.Csr($"CN={path.Length}", TwoProfiles.Corp), device)).Build())).Issued(device);
    }

    [Theory]
    [InlineData("/scep")]
    [InlineData("/scep/other")]
    [InlineData("/scep/corps")]
    [InlineData("/scep/CORP")]
    [Trait("Conformance", "S-H4")]
    public async Task Without_a_root_profile_every_other_path_is_unknown(string path)
    {
        using var wire = server.Host.Connect(path);
        using var answer = await wire.Http.GetAsync(new Uri(server.Host.Url, path + "?operation=GetCACaps"));
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    [Trait("Conformance", "Z-6")]
    public async Task The_challenge_of_one_is_nothing_to_the_other()
    {
        var device = ScepDevice.Shared();
        using var iot = server.Host.Connect("/scep/iot");
        (await iot.SendAsync((await iot.RequestAsync(device.Csr("CN=wrong path", TwoProfiles.Corp), device)).Build()))
            .MustFail(FailureReason.ChallengeWrong);
        (await iot.SendAsync((await iot.RequestAsync(device.Csr("CN=right path", TwoProfiles.Iot), device)).Build())).Issued(device);
    }

    [Fact]
    [Trait("Conformance", "Z-6")]
    public async Task What_is_encrypted_to_the_RA_of_one_is_not_read_by_the_other()
    {
        var device = ScepDevice.Shared();
        using var corp = server.Host.Connect("/scep/corp");
        using var iot = server.Host.Connect("/scep/iot");
        var request = await corp.RequestAsync(device.Csr("CN=astray", TwoProfiles.Corp), device);
        (await iot.SendAsync(request.Build())).MustFail(FailureReason.NotEncryptedToUs);
    }

    [Fact]
    [Trait("Conformance", "S-R14")]
    [Trait("Conformance", "Z-6")]
    public async Task A_certificate_of_one_does_not_renew_at_the_other()
    {
        var device = ScepDevice.Shared();
        using var corp = server.Host.Connect("/scep/corp");
        using var iot = server.Host.Connect("/scep/iot");
        var enrolled = device.With(
            (await corp.SendAsync((await corp.RequestAsync(device.Csr("CN=stays", TwoProfiles.Corp), device)).Build())).Issued(device));

        (await iot.SendAsync((await iot.RequestAsync(enrolled.Csr("CN=stays", challenge: null), enrolled)).Build()))
            .MustFail(FailureReason.RenewalOtherProfile);
        (await corp.SendAsync((await corp.RequestAsync(enrolled.Csr("CN=stays", challenge: null), enrolled)).Build())).Issued(enrolled);
    }

    [Fact]
    [Trait("Conformance", "S-S5")]
    [Trait("Conformance", "Z-6")]
    public async Task One_transactionID_on_two_paths_is_two_transactions()
    {
        var device = ScepDevice.Shared();
        using var corp = server.Host.Connect("/scep/corp");
        using var iot = server.Host.Connect("/scep/iot");
        (await corp.SendAsync((await corp.RequestAsync(device.Csr("CN=one id", TwoProfiles.Corp), device)).Build())).Issued(device);
        var poll = (await iot.RequestAsync([0x30, 0x00], device)).Replace(
            "2.16.840.1.113733.1.9.2",
            Certctl.Tests.Infrastructure.Crypto.Scep.ForgedRequest.Der(
                w => w.WriteCharacterString(System.Formats.Asn1.UniversalTagNumber.PrintableString, "20")));
        (await iot.SendAsync(poll.Build())).MustFail(FailureReason.TransactionUnknown);
    }

    [Fact]
    public async Task A_signed_challenge_that_was_used_on_one_path_is_a_replay_on_the_other()
    {
        var device = ScepDevice.Shared();
        var token = server.Connector.For("vouched once");
        using var corp = server.Host.Connect("/scep/corp");
        using var iot = server.Host.Connect("/scep/iot");
        var certificate =
            (await corp.SendAsync((await corp.RequestAsync(device.Csr("CN=vouched once", token), device)).Build())).Issued(device);

        foreach (var other in new[] { device, ScepDevice.Shared(1) })
            (await iot.SendAsync((await iot.RequestAsync(other.Csr("CN=vouched once", token), other)).Build()))
                .MustFail(FailureReason.ChallengeReplayed);
        Assert.Equal(
            certificate.RawData,
            (await corp.SendAsync((await corp.RequestAsync(device.Csr("CN=vouched once", token), device)).Build())).Issued(device).RawData);
    }
}

/// <summary>A server with the profiles corp and iot, each with an RA and a challenge of its own, and no root profile.</summary>
public sealed class TwoProfiles : IAsyncLifetime
{
    internal const string Corp = "the challenge of the corp profile";
    internal const string Iot = "the challenge of the iot profile";

    private CertctlHost? _host;

    internal CertctlHost Host => _host!;

    /// <summary>Both profiles believe it.</summary>
    internal TestConnector Connector { get; } = TestConnector.Ec();

    public async Task InitializeAsync()
    {
        _host = await CertctlHost.PrepareAsync(null);
        Host.Settings["CERTCTL_SCEP_PROFILES"] = "corp,iot";
        var anchors = Path.Combine(Host.Folder, "connectors.pem");
        await File.WriteAllTextAsync(anchors, Connector.Pem);
        foreach (var (name, challenge) in new[] { ("corp", Corp), ("iot", Iot) })
        {
            using var key = RSA.Create(2048);
            TestRa.Write(Host, name, key, TimeSpan.FromDays(365));
            var prefix = $"CERTCTL_SCEP_PROFILE_{name.ToUpperInvariant()}_";
            Host.Settings[prefix + "ISSUER_ID"] = "iss-local";
            Host.Settings[prefix + "CHALLENGE_PASSWORD"] = challenge;
            Host.Settings[prefix + "INTUNE_ENABLED"] = "true";
            Host.Settings[prefix + "INTUNE_CONNECTOR_CERT_PATH"] = anchors;
            (Host.Settings[prefix + "RA_CERT_PATH"], Host.Settings[prefix + "RA_KEY_PATH"]) = TestRa.Paths(Host, name);
        }

        await Host.StartAgainAsync();
    }

    public async Task DisposeAsync() => await Host.DisposeAsync();
}
