using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.ScepClient;
using Certctl.Infrastructure.ScepClient.Messages;
using Xunit;

namespace Certctl.Tests.Infrastructure.ScepClient;

/// <summary>The client against a server that can be told what to do wrong.</summary>
public sealed class ScepEnrolmentTests : IAsyncLifetime
{
    private readonly List<string> _notes = [];
    private FakeScepServer _server = null!;

    public async Task InitializeAsync() => _server = await FakeScepServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task A_device_gets_a_certificate_for_its_key_and_names()
    {
        var names = RequestedNames.From(
            "CN=device-1,O=Example", ["device-1.example.org"], ["192.0.2.7", "2001:db8::1"], ["a@example.org"], ["urn:x:1"],
            ["u@example.org"]);

        var issued = Assert.IsType<EnrolmentEnd.Issued>(await EnrolAsync(Wish() with { Names = names, Challenge = "s3cret_word" }));

        Assert.True(issued.Certificate.HasKeyOf(FakePki.DeviceKey.ExportSubjectPublicKeyInfo()));
        Assert.Equal("CN=device-1, O=Example", issued.Certificate.Subject);
        Assert.Equal(
            names.Alternatives!.RawData, issued.Certificate.Extensions.Single(extension => extension.Oid!.Value == "2.5.29.17").RawData);
        Assert.Equal([FakePki.Ca.Thumbprint], issued.Chain.Select(ca => ca.Thumbprint));
        var seen = Assert.Single(_server.Seen);
        Assert.Equal(("POST", "19", 16), (seen.Method, seen.MessageType, seen.SenderNonce.Length));
        Assert.Equal(Convert.ToHexString(SHA256.HashData(FakePki.DeviceKey.ExportSubjectPublicKeyInfo())), seen.TransactionId);
        Assert.Equal("2.16.840.1.101.3.4.1.2", seen.Cipher);
        Assert.Equal("2.16.840.1.101.3.4.2.1", seen.Digest);
        // '_' does not belong to PrintableString: UTF8String.
        Assert.Equal([0x0C, .. "\x0bs3cret_word"u8], ChallengeOf(seen.Content));
    }

    [Fact]
    public async Task The_most_specific_part_of_the_subject_is_encoded_last()
    {
        await EnrolAsync(Wish() with { Names = Named("CN=device-1,O=Example") });

        var reader = new AsnReader(Csr(Assert.Single(_server.Seen).Content).SubjectName.RawData, AsnEncodingRules.DER).ReadSequence();
        Assert.Equal("2.5.4.10", reader.ReadSetOf().ReadSequence().ReadObjectIdentifier());
        Assert.Equal("2.5.4.3", reader.ReadSetOf().ReadSequence().ReadObjectIdentifier());
    }

    [Theory]
    [InlineData("SHA-1\nDES3\n", "1.3.14.3.2.26", "1.2.840.113549.3.7", "GET")]
    [InlineData("SHA-512\r\nAES\r\nPOSTPKIOperation\r\n", "2.16.840.1.101.3.4.2.3", "2.16.840.1.101.3.4.1.2", "POST")]
    [InlineData("SCEPStandard", "2.16.840.1.101.3.4.2.1", "2.16.840.1.101.3.4.1.2", "POST")]
    [Trait("Conformance", "S-C4")]
    public async Task The_capabilities_choose_digest_cipher_and_method(string caps, string digest, string cipher, string method)
    {
        _server.Capabilities = caps;

        Assert.IsType<EnrolmentEnd.Issued>(await EnrolAsync(Wish()));

        var seen = Assert.Single(_server.Seen);
        Assert.Equal((digest, cipher, method), (seen.Digest, seen.Cipher, seen.Method));
    }

    [Fact]
    public async Task What_the_operator_chooses_wins_over_the_capabilities()
    {
        Assert.IsType<EnrolmentEnd.Issued>(
            await EnrolAsync(Wish(), new ScepChoices { Digest = HashAlgorithmName.SHA384, Cipher = ScepCipher.Aes256, UseGet = true }));

        var seen = Assert.Single(_server.Seen);
        Assert.Equal(("2.16.840.1.101.3.4.2.2", "2.16.840.1.101.3.4.1.42", "GET"), (seen.Digest, seen.Cipher, seen.Method));
        Assert.Contains(_notes, note => note.Contains("does not list SHA-384", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(Defect.WrongNonce, ScepStage.Reply, "recipientNonce")]
    [InlineData(Defect.WrongTransaction, ScepStage.Reply, "transactionID")]
    [InlineData(Defect.WrongMessageType, ScepStage.Reply, "messageType")]
    [InlineData(Defect.UnknownStatus, ScepStage.Reply, "pkiStatus")]
    [InlineData(Defect.SignedByStranger, ScepStage.Reply, "CN=Stranger")]
    [InlineData(Defect.SignedByLookalike, ScepStage.Reply, "no RA or CA certificate of this server")]
    [InlineData(Defect.BrokenSignature, ScepStage.Reply, "signature is not valid")]
    [InlineData(Defect.BrokenDigest, ScepStage.Reply, "signature is not valid")]
    [InlineData(Defect.TwoSigners, ScepStage.Reply, "2 signatures")]
    [InlineData(Defect.DuplicateAttribute, ScepStage.Reply, "occurs twice")]
    [InlineData(Defect.Md5Digest, ScepStage.Reply, "not strong enough")]
    [InlineData(Defect.EncryptedToAnother, ScepStage.Reply, "not encrypted to the key")]
    [InlineData(Defect.SuccessWithoutContent, ScepStage.Reply, "carries no certificate")]
    [InlineData(Defect.Garbage, ScepStage.Reply, "no CMS message")]
    [InlineData(Defect.WrongContentType, ScepStage.Reply, "text/html")]
    [InlineData(Defect.WrongKey, ScepStage.Verify, "no certificate for the requested key")]
    [InlineData(Defect.ForeignCa, ScepStage.Verify, "does not chain to")]
    [InlineData(Defect.ExpiredLeaf, ScepStage.Verify, "is valid from")]
    [InlineData(Defect.CaLeaf, ScepStage.Verify, "CA certificate")]
    [Trait("Conformance", "S-P1")]
    [Trait("Conformance", "S-P2")]
    [Trait("Conformance", "S-P9")]
    public async Task An_answer_that_is_wrong_is_not_accepted(Defect defect, ScepStage stage, string why)
    {
        _server.Defect = defect;

        var trouble = await Assert.ThrowsAsync<ScepClientException>(() => EnrolAsync(Wish()));

        Assert.Equal((ScepClientFault.Untrusted, stage), (trouble.Fault, trouble.Stage));
        Assert.Contains(why, trouble.Message, StringComparison.Ordinal);
        Assert.NotEmpty(trouble.Advice);
    }

    [Theory]
    [InlineData(Defect.HttpError, "404")]
    [InlineData(Defect.Redirect, "302")]
    [InlineData(Defect.TooLong, "longer than")]
    public async Task An_http_trouble_is_a_network_fault_at_the_request(Defect defect, string why)
    {
        _server.Defect = defect;

        var trouble = await Assert.ThrowsAsync<ScepClientException>(() => EnrolAsync(Wish()));

        Assert.Equal((ScepClientFault.Network, ScepStage.Request), (trouble.Fault, trouble.Stage));
        Assert.Contains(why, trouble.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Defect.Failure, "badRequest", "challenge password is wrong")]
    [InlineData(Defect.FailureWithoutContent, "badMessageCheck", null)]
    [InlineData(Defect.FailureWithControlCharacters, "badRequest", "no?[2Jway?issued")]
    [Trait("Conformance", "S-P5")]
    [Trait("Conformance", "S-P7")]
    public async Task A_failure_is_read_with_content_of_no_length_and_without_content(Defect defect, string failInfo, string? text)
    {
        _server.Defect = defect;

        var refused = Assert.IsType<EnrolmentEnd.Refused>(await EnrolAsync(Wish()));

        Assert.Equal((failInfo, text), (refused.Refusal.Name, refused.Refusal.Text));
    }

    [Fact]
    public async Task A_reply_may_leave_out_the_certificate_of_its_signer()
    {
        _server.Defect = Defect.NoSignerCertificate;

        Assert.IsType<EnrolmentEnd.Issued>(await EnrolAsync(Wish()));
    }

    [Fact]
    public async Task A_server_that_changes_the_subject_is_remarked()
    {
        _server.Defect = Defect.OtherSubject;

        Assert.IsType<EnrolmentEnd.Issued>(await EnrolAsync(Wish()));

        Assert.Contains(_notes, note => note.Contains("CN=renamed by policy", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("Conformance", "S-R15")]
    public async Task Pending_twice_then_issued_polls_in_the_same_transaction_with_fresh_nonces()
    {
        _server.PendingFirst = 2;
        _server.UnavailablePolls = 1;

        Assert.IsType<EnrolmentEnd.Issued>(await EnrolAsync(Wish() with { PollInterval = TimeSpan.FromMilliseconds(1) }));

        Assert.Equal(["19", "20", "20", "20"], _server.Seen.Select(seen => seen.MessageType));
        Assert.Single(_server.Seen.Select(seen => seen.TransactionId).Distinct());
        Assert.Equal(4, _server.Seen.Select(seen => Convert.ToHexString(seen.SenderNonce)).Distinct().Count());
        var poll = new AsnReader(_server.Seen.Last().Content, AsnEncodingRules.DER).ReadSequence();
        Assert.Equal(FakePki.Ca.SubjectName.RawData, poll.ReadEncodedValue().ToArray());
        Assert.Equal(Wish().Names.Subject.RawData, poll.ReadEncodedValue().ToArray());
    }

    [Fact]
    public async Task Pending_beyond_the_timeout_ends_as_pending_and_can_be_resumed()
    {
        _server.PendingFirst = int.MaxValue;

        var pending = Assert.IsType<EnrolmentEnd.StillPending>(
            await EnrolAsync(Wish() with { PollInterval = TimeSpan.FromMilliseconds(1), Timeout = TimeSpan.Zero }));
        _server.PendingFirst = 0;
        var issued = Assert.IsType<EnrolmentEnd.Issued>(await EnrolAsync(Wish() with { Resume = true }));

        Assert.Equal(pending.TransactionId, issued.TransactionId);
        Assert.Equal(["19", "20"], _server.Seen.Select(seen => seen.MessageType));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Conformance", "S-R8")]
    [Trait("Conformance", "S-P4")]
    public async Task A_renewal_is_signed_by_the_old_pair_and_keeps_the_names(bool sameKey)
    {
        var names = RequestedNames.From("CN=device-1", ["a.example.org"], [], [], [], []);
        using var old = FakePki.Make(
            "CN=device-1", FakePki.StrangerKey, FakePki.Ca, FakePki.CaKey, X509KeyUsageFlags.DigitalSignature,
            alternatives: names.Alternatives);
        var wish = Wish() with
        {
            Names = RequestedNames.Of(old),
            OldCertificate = old,
            OldKey = FakePki.StrangerKey,
            Key = sameKey ? FakePki.StrangerKey : FakePki.DeviceKey,
        };

        var issued = Assert.IsType<EnrolmentEnd.Issued>(await EnrolAsync(wish));

        var seen = Assert.Single(_server.Seen);
        Assert.Equal(("17", old.Thumbprint), (seen.MessageType, seen.Signer.Thumbprint));
        Assert.Equal(
            names.Alternatives!.RawData, issued.Certificate.Extensions.Single(extension => extension.Oid!.Value == "2.5.29.17").RawData);
        // Not the transaction of the first enrolment of that key.
        Assert.NotEqual(Convert.ToHexString(SHA256.HashData(wish.Key.ExportSubjectPublicKeyInfo())), issued.TransactionId);
    }

    [Fact]
    public async Task A_renewal_that_brings_back_the_old_certificate_is_not_accepted()
    {
        _server.Defect = Defect.OldCertificateAgain;
        using var old = FakePki.Make("CN=device-1", FakePki.StrangerKey, FakePki.Ca, FakePki.CaKey, X509KeyUsageFlags.DigitalSignature);

        var trouble = await Assert.ThrowsAsync<ScepClientException>(() => EnrolAsync(
            Wish() with { Names = RequestedNames.Of(old), OldCertificate = old, OldKey = FakePki.StrangerKey, Key = FakePki.StrangerKey }));

        Assert.Contains("the old certificate", trouble.Message, StringComparison.Ordinal);
    }

    private static EnrolmentWish Wish() => new() { Names = Named("CN=device-1"), Key = FakePki.DeviceKey };

    private static RequestedNames Named(string subject) => RequestedNames.From(subject, [], [], [], [], []);

    private static CertificateRequest Csr(byte[] der) =>
        CertificateRequest.LoadSigningRequest(
            der, HashAlgorithmName.SHA256, CertificateRequestLoadOptions.UnsafeLoadCertificateExtensions, RSASignaturePadding.Pkcs1);

    private static byte[] ChallengeOf(byte[] csr) =>
        Csr(csr).OtherRequestAttributes.Single(attribute => attribute.Oid!.Value == "1.2.840.113549.1.9.7").RawData;

    private async Task<EnrolmentEnd> EnrolAsync(EnrolmentWish wish, ScepChoices? choices = null)
    {
        using var transport = new ScepTransport(_server.Url, new TlsTrust.SystemRoots());
        using var session = await ScepSession.OpenAsync(
            transport, choices ?? new ScepChoices(), TimeProvider.System, _notes.Add, CancellationToken.None);
        return await new ScepEnrolment(session, wish, TimeProvider.System, _notes.Add).RunAsync(CancellationToken.None);
    }
}
