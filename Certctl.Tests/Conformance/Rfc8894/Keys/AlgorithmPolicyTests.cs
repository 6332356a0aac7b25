using System.Collections.Concurrent;
using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Tests.Conformance.Rfc2986;
using Certctl.Tests.Domain.Certificates;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.Crypto.X509;
using Xunit;

namespace Certctl.Tests.Conformance.Rfc8894.Keys;

/// <summary>
/// RFC 8894 §3.5.2 and §7.5: each policy takes the algorithms that it says, in every encoding and by either method, and no others.
/// </summary>
public sealed class AlgorithmPolicyTests(ThreePolicies server) : IClassFixture<ThreePolicies>
{
    public static TheoryData<string, string, bool> Combinations()
    {
        var combinations = new TheoryData<string, string, bool>();
        foreach (var policy in ThreePolicies.Names)
        {
            foreach (var (index, encoding) in DeviceEncoding.All.Index())
                combinations.Add(policy, encoding.Name, index % 2 == 0);
        }

        return combinations;
    }

    [Theory]
    [MemberData(nameof(Combinations))]
    [Trait("Conformance", "S-C5")]
    [Trait("Conformance", "S-C7")]
    [Trait("Conformance", "S-C10")]
    [Trait("Conformance", "S-M17")]
    [Trait("Conformance", "S-M18")]
    [Trait("Conformance", "S-M19")]
    [Trait("Conformance", "S-M23")]
    [Trait("Conformance", "S-M27")]
    [Trait("Conformance", "S-P11")]
    [Trait("Conformance", "S-F1")]
    public async Task Every_combination_is_taken_or_refused_as_the_policy_says(string policy, string encoding, bool firstByPost)
    {
        var device = ScepDevice.Shared();
        using var wire = server.Host.Connect("/scep/" + policy);
        var ra = await wire.RecipientAsync();
        var csr = server.Csr(policy);
        var wrong = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(
            AlgorithmCase.All().Index(), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (numbered, cancellationToken) =>
            {
                // By turns, the other way round in the next encoding: each combination goes by both methods.
                var (number, combination) = numbered;
                var message = combination.Build(csr, device, ra, DeviceEncoding.All.Single(e => e.Name == encoding));
                using var answer = firstByPost == (number % 2 == 0)
                    ? await wire.PostAsync(message)
                    : await wire.Http.GetAsync(
                        new Uri(
                            wire.Server,
                            $"{wire.Path}?operation=PKIOperation&message={Uri.EscapeDataString(Convert.ToBase64String(message))}"),
                        cancellationToken);
                var (expected, seen) =
                    (Takes(policy, combination) ? "issued in kind" : "badAlg", await DescribeAsync(answer, combination, device));
                if (seen != expected)
                    wrong.Add(
                        $"{combination.Cipher.Name}, {combination.Digest.Name}, {combination.Transport}: {seen} instead of {expected}");
            });

        Assert.True(wrong.IsEmpty, string.Join('\n', wrong));
    }

    [Theory]
    [InlineData("modern", "POSTPKIOperation,SHA-256,SHA-384,SHA-512,AES,SCEPStandard,Renewal")]
    [InlineData("compatible", "POSTPKIOperation,SHA-256,SHA-512,AES,SCEPStandard,Renewal")]
    [InlineData("legacy", "POSTPKIOperation,SHA-256,SHA-512,AES,SCEPStandard,Renewal,DES3,SHA-1")]
    [Trait("Conformance", "S-C3")]
    [Trait("Conformance", "S-C6")]
    public async Task GetCACaps_follows_from_the_policy(string policy, string lines)
    {
        using var wire = server.Host.Connect("/scep/" + policy);
        var body = await wire.Http.GetStringAsync(new Uri(wire.Server, wire.Path + "?operation=GetCACaps"));
        Assert.Equal(lines.Split(','), body.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public async Task A_start_with_legacy_is_warned_about_by_the_name_of_the_profile()
    {
        await server.Host.LoggedAsync("SCEP profile \"legacy\", crypto policy: CRYPTO_POLICY is legacy");
        foreach (var policy in new[] { "modern", "compatible" })
            Assert.DoesNotContain($"CRYPTO_POLICY is {policy}", server.Host.Log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("MD5", "1.2.840.113549.1.1.4", "legacy")]
    [InlineData("SHA1", "1.2.840.113549.1.1.5", "compatible,legacy")]
    [InlineData("SHA256", "1.2.840.113549.1.1.11", "modern,compatible,legacy")]
    [InlineData("SHA384", "1.2.840.113549.1.1.12", "modern,compatible,legacy")]
    [InlineData("SHA512", "1.2.840.113549.1.1.13", "modern,compatible,legacy")]
    [Trait("Conformance", "R-12")]
    public async Task A_request_s_own_signature_keeps_to_the_policy_and_its_refusal_is_the_one_answer_behind_the_envelope(
        string hash, string oid, string takers)
    {
        var device = ScepDevice.Shared();
        foreach (var policy in ThreePolicies.Names)
        {
            using var wire = server.Host.Connect("/scep/" + policy);
            var csr = new RawRequest($"{policy} {hash}")
            {
                Challenge = ThreePolicies.Challenge,
                Hash = new HashAlgorithmName(hash),
                SignatureAlgorithm = Der.Sequence(Der.Oid(oid), [0x05, 0x00]),
            };
            var reply = await wire.SendAsync((await wire.RequestAsync(csr.Build(device.Rsa), device)).Build());
            if (takers.Split(',').Contains(policy))
                reply.Issued(device);
            else
                reply.MustFail(FailureReason.UnreadableContent);
        }
    }

    [Fact]
    public async Task A_refusal_is_signed_with_SHA_256_where_the_policy_does_not_take_the_request_s_digest()
    {
        var device = ScepDevice.Shared();
        foreach (var (policy, digest) in new[] { ("modern", HashAlgorithmName.SHA1), ("compatible", HashAlgorithmName.MD5) })
        {
            using var wire = server.Host.Connect("/scep/" + policy);
            var request = AlgorithmCase.All().First(c => c.Digest.Name == digest)
                .Build(server.Csr(policy), device, await wire.RecipientAsync(), DeviceEncoding.All[0]);
            var reply = (await wire.SendAsync(request)).MustFail(FailureReason.UnsupportedAlgorithm);
            Assert.Equal("2.16.840.1.101.3.4.2.1", DigestOf(reply));
        }
    }

    [Fact]
    [Trait("Conformance", "S-M26")]
    [Trait("Conformance", "R-11")]
    public async Task A_breakable_key_neither_signs_nor_is_certified_under_any_policy()
    {
        var p = WeakPrimes.Random();
        using var close = WeakPrimes.Key(p, WeakPrimes.After(p + 2));
        using var roca = WeakPrimes.Key(WeakPrimes.Roca().P, WeakPrimes.Roca().Q);
        foreach (var policy in ThreePolicies.Names)
        {
            using var wire = server.Host.Connect("/scep/" + policy);
            var device = ScepDevice.Shared(1);
            var enrolled = device.With(
                (await wire.SendAsync(
                    (await wire.RequestAsync(device.Csr($"CN={policy} strong", ThreePolicies.Challenge), device)).Build())).Issued(device));
            foreach (var weak in new[] { ScepDevice.OfKey(close), ScepDevice.OfKey(roca) })
            {
                (await wire.SendAsync((await wire.RequestAsync(weak.Csr($"CN={policy} weak", ThreePolicies.Challenge), weak)).Build()))
                    .MustFail(FailureReason.WeakKey);
                (await wire.SendAsync((await wire.RequestAsync(weak.Csr($"CN={policy} strong", challenge: null), enrolled)).Build()))
                    .MustFail(FailureReason.WeakKey);
            }
        }
    }

    // The policies in words of this test's own: docs/configuration.md, CRYPTO_POLICY.
    private static bool Takes(string policy, AlgorithmCase combination)
    {
        string[] ciphers = policy switch { "modern" => ["AES"], "compatible" => ["AES", "3DES"], _ => ["AES", "3DES", "DES"] };
        string[] digests = policy switch
        {
            "modern" => ["SHA256", "SHA384", "SHA512"],
            "compatible" => ["SHA256", "SHA384", "SHA512", "SHA1"],
            _ => ["SHA256", "SHA384", "SHA512", "SHA1", "MD5"],
        };
        string[] oaepDigests = policy == "modern" ? ["SHA256"] : ["SHA256", "SHA1"];
        HashAlgorithmName?[] oaep = [combination.Transport.Hash, combination.Transport.MaskHash];
        return ciphers.Contains(combination.Cipher.Name.Split("-")[0])
            && digests.Contains(combination.Digest.Name.Name)
            && oaep.All(hash => hash is null || oaepDigests.Contains(hash.Value.Name));
    }

    private static async Task<string> DescribeAsync(HttpResponseMessage answer, AlgorithmCase combination, ScepDevice device)
    {
        if (answer.StatusCode != HttpStatusCode.OK)
            return $"{answer.StatusCode}";
        var reply = CertRepReading.Of(await answer.Content.ReadAsByteArrayAsync());
        if (reply.Status != "0")
            return reply.FailInfo == "0" && reply.FailInfoText.StartsWith("An algorithm", StringComparison.Ordinal)
                ? "badAlg"
                : $"{reply.FailInfo} {reply.FailInfoText}";
        var certificate = X509CertificateLoader.LoadCertificate(Open(reply, combination.Cipher, device));
        var isOurs = certificate.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(device.Rsa.ExportSubjectPublicKeyInfo());
        return isOurs && DigestOf(reply) == combination.Digest.Oid
            ? "issued in kind"
            : $"issued with digest {DigestOf(reply)}, to the right key: {isOurs}";
    }

    private static string DigestOf(CertRepReading reply)
    {
        var signed = new SignedCms();
        signed.Decode(reply.Raw);
        return signed.SignerInfos[0].DigestAlgorithm.Value!;
    }

    // By hand, because the platform's CMS knows no single DES here. Throws unless the reply is in the request's cipher.
    private static byte[] Open(CertRepReading reply, DeviceCipher cipher, ScepDevice device)
    {
        var envelope = new EnvelopedCms();
        envelope.Decode(reply.Content);
        var key = device.Rsa.Decrypt(envelope.RecipientInfos[0].EncryptedKey, RSAEncryptionPadding.Pkcs1);
        var fields = new AsnReader(reply.Content, AsnEncodingRules.DER).ReadSequence();
        fields.ReadObjectIdentifier();
        var enveloped = fields.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0)).ReadSequence();
        enveloped.ReadInteger();
        enveloped.ReadSetOf();
        var content = enveloped.ReadSequence();
        content.ReadObjectIdentifier();
        var algorithm = content.ReadSequence();
        Assert.Equal(cipher.Oid, algorithm.ReadObjectIdentifier());
        var bag = new SignedCms();
        bag.Decode(cipher.Run(
            encrypt: false, key, algorithm.ReadOctetString(), content.ReadOctetString(new Asn1Tag(TagClass.ContextSpecific, 0))));
        return bag.Certificates[0].RawData;
    }
}

/// <summary>A server with one profile for each policy, named after it; all with one RA and one challenge.</summary>
public sealed class ThreePolicies : IAsyncLifetime
{
    internal const string Challenge = "the challenge of three policies";
    internal static readonly string[] Names = ["modern", "compatible", "legacy"];

    private readonly Dictionary<string, byte[]> _requests = Names.ToDictionary(
        name => name, name => ScepDevice.Shared().Csr($"CN=under {name}", Challenge));
    private CertctlHost? _host;

    internal CertctlHost Host => _host!;

    public async Task InitializeAsync()
    {
        _host = await CertctlHost.PrepareAsync(null);
        Host.Settings["CERTCTL_SCEP_PROFILES"] = string.Join(',', Names);
        foreach (var name in Names)
        {
            var prefix = $"CERTCTL_SCEP_PROFILE_{name.ToUpperInvariant()}_";
            Host.Settings[prefix + "ISSUER_ID"] = "iss-local";
            Host.Settings[prefix + "CHALLENGE_PASSWORD"] = Challenge;
            Host.Settings[prefix + "RA_CERT_PATH"] = Host.RaCertificates;
            Host.Settings[prefix + "RA_KEY_PATH"] = Host.RaKeys;
            if (name != "compatible")
                Host.Settings[prefix + "CRYPTO_POLICY"] = name;
        }

        await Host.StartAgainAsync();
    }

    public async Task DisposeAsync() => await Host.DisposeAsync();

    /// <summary>One request per policy: a repetition gets the same certificate, whatever algorithms it uses.</summary>
    internal byte[] Csr(string policy) => _requests[policy];
}
