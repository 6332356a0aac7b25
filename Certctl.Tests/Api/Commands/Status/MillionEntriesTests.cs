using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Tests.Api.Hosting;
using Certctl.Tests.Infrastructure.StatusClient;
using Xunit;

namespace Certctl.Tests.Api.Commands.Status;

/// <summary>A list of a million entries: read in hardly more memory than its octets take.</summary>
public sealed class MillionEntriesTests
{
    private const int Entries = 1_000_000;

    [Fact]
    public async Task A_million_entries_are_shown_searched_and_verified_in_bounded_memory()
    {
        using var ca = new OpenSslCa();
        var list = ca.Path("million.crl");
        await File.WriteAllBytesAsync(list, MakeList(ca, out var last));
        Assert.True(new FileInfo(list).Length > 50_000_000);

        // The octets take 53 million; a list of the entries alone would take 80 million more.
        var settings = new Dictionary<string, string> { ["DOTNET_GCHeapHardLimit"] = "0x6000000", ["DOTNET_GCgen0size"] = "0x400000" };
        var shown = await CommandLine.RunAsync(settings, ["crl", "show", list, "--first", "2", "--serial", last]);
        Assert.True(shown.ExitCode == 3, shown.All);
        Assert.Contains($"  revoked      {Entries}\n", shown.Output, StringComparison.Ordinal);
        Assert.Contains($"… and {Entries - 2} more", shown.Output, StringComparison.Ordinal);
        Assert.Contains($"Listed: {last}", shown.Output, StringComparison.Ordinal);

        (await CommandLine.RunAsync(settings, ["crl", "verify", list, "--ca", ca.CaFile])).MustSucceed();
    }

    private static byte[] MakeList(OpenSslCa ca, out string last)
    {
        using var certificate = X509CertificateLoader.LoadCertificateFromFile(ca.CaFile);
        using var key = ECDsa.Create();
        key.ImportFromPem(File.ReadAllText(ca.Path("ca.key")));
        var keyId = certificate.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Single().SubjectKeyIdentifierBytes;
        var now = DateTimeOffset.UtcNow;
        var tbs = new AsnWriter(AsnEncodingRules.DER, initialCapacity: 64 * 1024 * 1024);
        var serial = RandomNumberGenerator.GetBytes(20);
        serial[0] = 0x0A;
        using (tbs.PushSequence())
        {
            tbs.WriteInteger(1);
            WriteAlgorithm(tbs);
            tbs.WriteEncodedValue(certificate.SubjectName.RawData);
            tbs.WriteUtcTime(now);
            tbs.WriteUtcTime(now.AddHours(1));
            using (tbs.PushSequence())
            {
                for (var i = 0; i < Entries; i++)
                {
                    BitConverter.TryWriteBytes(serial.AsSpan(16), i);
                    using (tbs.PushSequence())
                    {
                        tbs.WriteInteger(serial);
                        tbs.WriteUtcTime(now);
                        using (tbs.PushSequence())
                            WriteExtension(tbs, "2.5.29.21", value => value.WriteEncodedValue([0x0A, 0x01, 0x04]));
                    }
                }
            }

            using (tbs.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
            using (tbs.PushSequence())
            {
                WriteExtension(tbs, "2.5.29.35", value =>
                {
                    using (value.PushSequence())
                        value.WriteOctetString(keyId.Span, new Asn1Tag(TagClass.ContextSpecific, 0));
                });
                WriteExtension(tbs, "2.5.29.20", value => value.WriteInteger(7));
            }
        }

        last = Convert.ToHexStringLower(serial);
        var signed = tbs.Encode();
        var whole = new AsnWriter(AsnEncodingRules.DER, initialCapacity: signed.Length + 1024);
        using (whole.PushSequence())
        {
            whole.WriteEncodedValue(signed);
            WriteAlgorithm(whole);
            whole.WriteBitString(key.SignData(signed, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
        }

        return whole.Encode();
    }

    private static void WriteAlgorithm(AsnWriter writer)
    {
        using (writer.PushSequence())
            writer.WriteObjectIdentifier("1.2.840.10045.4.3.2");
    }

    private static void WriteExtension(AsnWriter writer, string oid, Action<AsnWriter> write)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(oid);
            using (writer.PushOctetString())
                write(writer);
        }
    }
}
