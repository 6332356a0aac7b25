using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Application.Enrolments;
using Certctl.Application.Scep;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto;
using Certctl.Infrastructure.Crypto.Cms;
using Certctl.Infrastructure.Crypto.Cms.Recipients;
using Certctl.Infrastructure.Crypto.Scep;
using Certctl.Tests.Infrastructure.Crypto.X509;
using Xunit;
using Xunit.Abstractions;

namespace Certctl.Tests.Infrastructure.Crypto.Scep.Codec;

/// <summary>
/// RFC 8894 §3.1 and ADR 29: a challenge as the key of an envelope. What openssl writes is read, and it reads what is written.
/// </summary>
public sealed class CmsScepCodecPasswordTests(ITestOutputHelper output)
{
    internal const string Password = "the challenge of this profile";
    private static readonly EnvelopePasswords Known = EnvelopePasswords.Of((new Secret(Password), new Secret("the challenge before it")));
    private static readonly Lazy<X509Certificate2> EcSigner = new(() => ScepTestKeys.SelfSigned("CN=ec", ScepTestKeys.EcDevice));

    [Theory]
    [InlineData("-aes128", Password, true)]
    [InlineData("-aes192", Password, true)]
    [InlineData("-aes256", "the challenge before it", true)]
    [InlineData("-aes256", Password, false)]
    [Trait("Conformance", "S-M20")]
    public void What_openssl_encrypts_with_the_challenge_is_read_and_an_EC_signer_is_answered_with_it(
        string cipher, string password, bool ec)
    {
        if (!OpenSsl.IsAvailable(output))
            return;
        var content = OpenSsl.Run(ScepTestKeys.Csr, "cms", "-encrypt", "-binary", "-outform", "DER", cipher, "-pwri_password", password);
        var decoding = Assert.IsType<ScepDecoding.PkiMessage>(ScepTestKeys.Codec().Decode(Signed(content, ec).Build(), Known));

        Assert.Equal(
            SHA256.HashData(ScepTestKeys.Csr), Assert.IsType<ScepContent.CertificationRequest>(decoding.Content).Csr.Sha256.ToArray());
        var envelope = CmsScepCodecEcTests.EnvelopeOf(
            ScepTestKeys.Codec().EncodeCertRep(decoding.Head, new ScepReply.Success(ScepTestKeys.Leaf.RawData)));

        // A key that can decrypt needs no secret that can be guessed.
        Assert.Equal(ec, decoding.Head.ReplyPassword is not null);
        var opened = ec
            ? OpenSsl.Run(envelope, "cms", "-decrypt", "-inform", "DER", "-binary", "-pwri_password", password)
            : OpenSsl.Run(
                envelope, "cms", "-decrypt", "-inform", "DER", "-binary", "-recip", OpenSsl.Pem(ScepTestKeys.DeviceSelfSigned), "-inkey",
                OpenSsl.Pem(ScepTestKeys.Device));
        Assert.Equal([ScepTestKeys.Leaf.RawData], CmsScepCodecReplyTests.CertificatesOf(opened));
    }

    [Theory]
    [InlineData("SHA256", 1000)]
    [InlineData("SHA384", 4096)]
    [InlineData("SHA512", 10_000)]
    public void Each_digest_and_both_ends_of_the_iterations_are_taken_and_mirrored(string digest, int iterations)
    {
        var head = Assert.IsType<ScepDecoding.PkiMessage>(
            ScepTestKeys.Codec().Decode(Signed(Enveloped(digest: digest, iterations: iterations)).Build(), Known)).Head;

        Assert.Equal(
            (digest, iterations, Password),
            (head.ReplyPassword!.Digest.Name, head.ReplyPassword.Iterations, head.ReplyPassword.Challenge.Reveal()));
        var envelope = CmsScepCodecEcTests.EnvelopeOf(
            ScepTestKeys.Codec().EncodeCertRep(head, new ScepReply.Success(ScepTestKeys.Leaf.RawData)));
        if (OpenSsl.IsAvailable(output))
            Assert.NotEmpty(OpenSsl.Run(envelope, "cms", "-decrypt", "-inform", "DER", "-binary", "-pwri_password", Password));
    }

    public static TheoryData<string> NoPasswords => ["none", "too short", "not asked"];

    [Theory]
    [MemberData(nameof(NoPasswords))]
    public void Without_a_challenge_that_is_long_enough_it_is_no_algorithm(string kind)
    {
        var passwords = kind == "too short" ? EnvelopePasswords.Of((new Secret("fifteen letters"), null)) : default;
        var message = Signed(Enveloped(password: "fifteen letters")).Build();

        Assert.Equal(
            FailureReason.UnsupportedAlgorithm,
            Refusal(kind == "not asked" ? ScepTestKeys.Codec().Decode(message) : ScepTestKeys.Codec().Decode(message, passwords)));
    }

    [Theory]
    [InlineData("999 iterations")]
    [InlineData("10001 iterations")]
    [InlineData("2147483647 iterations")]
    [InlineData("a negative number of iterations")]
    [InlineData("7 octets of salt")]
    [InlineData("65 octets of salt")]
    [InlineData("no derivation")]
    [InlineData("3DES as key encryption")]
    [InlineData("another key length")]
    [InlineData("scrypt")]
    [InlineData("MD5")]
    [InlineData("SHA-1 in a modern policy")]
    public void What_costs_too_much_or_is_not_of_the_policy_is_refused_by_its_algorithm(string what)
    {
        var content = what switch
        {
            "999 iterations" => Enveloped(iterations: 999),
            "10001 iterations" => Enveloped(iterations: 10_001),
            "2147483647 iterations" => Enveloped(iterations: int.MaxValue),
            "a negative number of iterations" => Enveloped(iterations: -1),
            "7 octets of salt" => Enveloped(salt: 7),
            "65 octets of salt" => Enveloped(salt: 65),
            "no derivation" => Enveloped(derivation: "none"),
            "3DES as key encryption" => Enveloped(kekCipher: "1.2.840.113549.3.7"),
            "another key length" => Enveloped(keyLength: 24),
            "scrypt" => Enveloped(derivation: "1.3.6.1.4.1.11591.4.11"),
            "MD5" => Enveloped(digest: "MD5"),
            _ => Enveloped(digest: "SHA1"),
        };
        var codec = new CmsScepCodec(
            ScepTestKeys.Ring(),
            ScepTestKeys.Clock(),
            what.EndsWith("modern policy", StringComparison.Ordinal) ? CryptoPolicy.Modern : CryptoPolicy.Legacy);

        Assert.Equal(FailureReason.UnsupportedAlgorithm, Refusal(codec.Decode(Signed(content).Build(), Known)));
    }

    [Theory]
    [InlineData("another password")]
    [InlineData("another key length inside")]
    [InlineData("check octets")]
    [InlineData("a block less")]
    [InlineData("a torn block")]
    [InlineData("no key at all")]
    [InlineData("padding of the content")]
    [InlineData("the content")]
    [InlineData("no content")]
    [Trait("Conformance", "S-M22")]
    public void Whatever_does_not_open_is_one_reason_with_one_text(string what)
    {
        var content = what switch
        {
            "another password" => Enveloped(password: "another challenge altogether"),
            "another key length inside" => Enveloped(spoil: padded => padded[0] = 32),
            "check octets" => Enveloped(spoil: padded => padded[2] ^= 1),
            "a block less" => Enveloped(cut: 16),
            "a torn block" => Enveloped(cut: 1),
            "no key at all" => Enveloped(cut: 32),
            "padding of the content" => Enveloped(ciphertext: RandomNumberGenerator.GetBytes(512)),
            "no content" => Enveloped(ciphertext: []),
            _ => Enveloped(plaintext: RandomNumberGenerator.GetBytes(512)),
        };
        var refused = Assert.IsType<ScepContent.Refused>(
            Assert.IsType<ScepDecoding.PkiMessage>(ScepTestKeys.Codec().Decode(Signed(content).Build(), Known)).Content);

        Assert.Equal(FailureReason.UnreadableContent, refused.Failure.Reason);
    }

    [Fact]
    public void A_refusal_waits_for_its_time_after_the_derivation_and_not_before()
    {
        var decoding = Assert.IsType<ScepDecoding.PkiMessage>(
            ScepTestKeys.Codec().Decode(Signed(Enveloped(password: "another challenge altogether")).Build(), Known));
        Assert.NotSame(Task.CompletedTask, decoding.Head.Derived);
        Assert.Same(
            Task.CompletedTask,
            Assert.IsType<ScepDecoding.PkiMessage>(ScepTestKeys.Codec().Decode(new ForgedRequest().Build(), Known)).Head.Derived);
    }

    [Fact]
    public async Task A_key_is_derived_when_it_is_its_turn_and_a_wait_that_is_too_long_is_no_decision()
    {
        using var queue = new DerivationQueue(maxWaiting: 1, TimeSpan.Zero);
        using var release = new ManualResetEventSlim();
        var entered = new TaskCompletionSource();
        var first = Task.Run(() => queue.Run(() =>
        {
            entered.SetResult();
            release.Wait(TimeSpan.FromMinutes(2));
        }));
        await entered.Task.WaitAsync(TimeSpan.FromMinutes(2));
        var codec = new CmsScepCodec(ScepTestKeys.Ring(), ScepTestKeys.Clock()) { Derivations = queue };
        Assert.Throws<TimeoutException>(() => codec.Decode(Signed(Enveloped()).Build(), Known));

        // What brings no key derivation waits for none.
        Assert.IsType<ScepContent.CertificationRequest>(
            Assert.IsType<ScepDecoding.PkiMessage>(codec.Decode(new ForgedRequest().Build(), Known)).Content);
        release.Set();
        await first;
        Assert.IsType<ScepContent.CertificationRequest>(
            Assert.IsType<ScepDecoding.PkiMessage>(codec.Decode(Signed(Enveloped()).Build(), Known)).Content);
    }

    [Fact]
    public async Task A_queue_that_is_full_turns_away_at_once_and_lets_those_in_it_have_their_turn()
    {
        using var queue = new DerivationQueue(maxWaiting: 1, TimeSpan.FromMinutes(2));
        using var release = new ManualResetEventSlim();
        using var entered = new SemaphoreSlim(0);
        var ran = 0;
        void Work()
        {
            entered.Release();
            release.Wait(TimeSpan.FromMinutes(2));
            Interlocked.Increment(ref ran);
        }

        var first = Task.Run(() => queue.Run(Work));
        Assert.True(await entered.WaitAsync(TimeSpan.FromMinutes(2)));
        var second = Task.Run(() => queue.Run(Work));

        var patience = Task.Delay(TimeSpan.FromMinutes(2));
        while (queue.Inside < 2 && !patience.IsCompleted)
            await Task.Delay(10);
        Assert.Throws<TimeoutException>(() => queue.Run(() => { }));
        release.Set();
        await Task.WhenAll(first, second);
        Assert.Equal(2, ran);
    }

    [Fact]
    public void Both_challenges_are_tried_whichever_opens_it()
    {
        // What is allocated tells how many keys were derived, on a machine of any pace; the first call also pays for what is made once.
        var kek = new PasswordKek(
            RandomNumberGenerator.GetBytes(16), DecodingLimits.MinPasswordIterations, HashAlgorithmName.SHA256, ContentCipher.Aes128,
            RandomNumberGenerator.GetBytes(16));
        var key = RandomNumberGenerator.GetBytes(16);
        var both = Known;
        foreach (var opening in new[] { both.Current!, both.Previous! })
        {
            var wrapped = kek.Wrap(opening, key);
            long Allocated(EnvelopePasswords passwords)
            {
                var opened = new byte[16];
                var before = GC.GetAllocatedBytesForCurrentThread();
                Assert.Same(opening, kek.Open(passwords, wrapped, opened));
                var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
                Assert.Equal(key, opened);
                return allocated;
            }

            var one = new EnvelopePasswords(opening, null);
            Allocated(one);
            Assert.InRange((double)Allocated(both) / Allocated(one), 1.8, 2.2);
        }
    }

    [Fact]
    public void A_poll_is_read_with_the_challenge_alone_and_queries_take_none()
    {
        Assert.IsType<ScepContent.CertPoll>(Content(Enveloped(plaintext: [0x30, 0x00]), "20"));
        Assert.Equal(
            FailureReason.UnreadableContent,
            Assert.IsType<ScepContent.Refused>(Content(Enveloped(password: "another challenge altogether"), "20")).Failure.Reason);
        Assert.Equal(FailureReason.UnsupportedAlgorithm, Assert.IsType<ScepContent.Refused>(Content(Enveloped(), "21")).Failure.Reason);
        Assert.Equal(FailureReason.UnsupportedAlgorithm, Assert.IsType<ScepContent.Refused>(Content(Enveloped(), "22")).Failure.Reason);

        static ScepContent Content(byte[] content, string type) => Assert.IsType<ScepDecoding.PkiMessage>(
            ScepTestKeys.Codec()
                .Decode(Signed(content).Replace(ForgedRequest.MessageTypeOid, ForgedRequest.Printable(type)).Build(), Known)).Content;
    }

    [Fact]
    public void The_bounds_are_those_that_the_documents_name() =>
        Assert.Equal(
            (1000, 10_000, 16), (DecodingLimits.MinPasswordIterations, DecodingLimits.MaxPasswordIterations, EnvelopePasswords.MinLength));

    private static FailureReason Refusal(ScepDecoding decoding) =>
        Assert.IsType<ScepContent.Refused>(Assert.IsType<ScepDecoding.PkiMessage>(decoding).Content).Failure.Reason;

    private static ForgedRequest Signed(byte[] content, bool ec = true) => ec
        ? new ForgedRequest
        {
            Content = content,
            SignerKey = ScepTestKeys.EcDevice,
            SignerCertificate = EcSigner.Value,
            Certificates = [EcSigner.Value.RawData],
            SignatureOid = "1.2.840.10045.4.3.2",
        }
        : new ForgedRequest { Content = content };

    /// <summary>ContentInfo(EnvelopedData) with a PasswordRecipientInfo, written by the test.</summary>
    internal static byte[] Enveloped(
        string password = Password,
        string digest = "SHA256",
        int iterations = 2048,
        int salt = 16,
        string derivation = "1.2.840.113549.1.5.12",
        string kekCipher = ForgedRequest.Aes128Oid,
        int keyLength = 0,
        Action<byte[]>? spoil = null,
        int cut = 0,
        byte[]? plaintext = null,
        byte[]? ciphertext = null)
    {
        var (salted, iv, key) = (
            new byte[salt],
            RandomNumberGenerator.GetBytes(kekCipher == ForgedRequest.Aes128Oid ? 16 : 8),
            RandomNumberGenerator.GetBytes(16));
        var wrapped = kekCipher == ForgedRequest.Aes128Oid && iterations is > 0 and <= 200_000
            ? Wrap(password, salted, iterations, digest, iv, key, spoil)
            : new byte[32];
        var prf = digest switch { "SHA1" => "2.7", "SHA256" => "2.9", "SHA384" => "2.10", "SHA512" => "2.11", _ => "2.5" };
        var kdf = derivation == "none" ? [] : Der.Tlv(0xA0, [.. Der.Oid(derivation), .. Der.Sequence(
            Der.Tlv(0x04, salted),
            Integer(iterations),
            keyLength == 0 ? [] : Integer(keyLength),
            Der.Sequence(Der.Oid("1.2.840.113549." + prf), [0x05, 0x00]))]);
        var info = Der.Tlv(0xA3, [
            0x02, 0x01, 0x00,
            .. kdf,
            .. Der.Sequence(Der.Oid("1.2.840.113549.1.9.16.3.9"), Der.Sequence(Der.Oid(kekCipher), Der.Tlv(0x04, iv))),
            .. Der.Tlv(0x04, wrapped[..^cut])]);
        return new ForgedRequest
        {
            RecipientInfos = [info],
            ContentKey = key,
            Plaintext = plaintext ?? ScepTestKeys.Csr,
            Ciphertext = ciphertext,
        }.Envelope();
    }

    // RFC 3211 §2.3.1.
    private static byte[] Wrap(string password, byte[] salt, int iterations, string digest, byte[] iv, byte[] key, Action<byte[]>? spoil)
    {
        byte[] padded = [(byte)key.Length, (byte)~key[0], (byte)~key[1], (byte)~key[2], .. key, .. new byte[12]];
        spoil?.Invoke(padded);
        using var aes = Aes.Create();
        aes.Key = Rfc2898DeriveBytes.Pbkdf2(password, salt, iterations, new HashAlgorithmName(digest == "MD5" ? "SHA256" : digest), 16);
        var inner = aes.EncryptCbc(padded, iv, PaddingMode.None);
        return aes.EncryptCbc(inner, inner[^16..], PaddingMode.None);
    }

    private static byte[] Integer(int value) => ForgedRequest.Der(w => w.WriteInteger(value));
}
