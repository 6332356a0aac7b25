using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Certctl.Infrastructure.ScepClient;

namespace Certctl.Infrastructure.StatusClient;

/// <summary>Files of the person at the terminal: as DER or PEM, bounded.</summary>
public static class StatusFile
{
    /// <summary>Octets of the longest file that is read.</summary>
    public const int MaxFile = 256 * 1024 * 1024;

    private const int MaxCertificateFile = 4 * 1024 * 1024;
    private const int MaxCertificates = 64;

    public static async Task<ReadOnlyMemory<byte>> ReadAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            await using var file = File.OpenRead(path);
            return await BoundedRead.ToEndAsync(file, file.CanSeek ? file.Length : null, MaxFile, cancellationToken)
                ?? throw Local($"{Text(path)} is longer than {MaxFile / 1024 / 1024} MiB.");
        }
        catch (IOException trouble)
        {
            throw Local($"{Text(path)} cannot be read: {Text(trouble.Message)}", trouble);
        }
        catch (UnauthorizedAccessException trouble)
        {
            throw Local($"{Text(path)} cannot be read: {Text(trouble.Message)}", trouble);
        }
    }

    /// <summary>The certificates of a PEM file in its order, or the one of a DER file; at least one.</summary>
    public static async Task<IReadOnlyList<X509Certificate2>> CertificatesAsync(string path, CancellationToken cancellationToken)
    {
        var octets = await ReadAsync(path, cancellationToken);
        if (octets.Length > MaxCertificateFile)
            throw Local($"{Text(path)} is too long for a file of certificates.");
        try
        {
            return Certificates(octets.Span) is { Count: > 0 } found ? found : throw Local($"There is no certificate in {Text(path)}.");
        }
        catch (CryptographicException trouble)
        {
            throw Local($"{Text(path)} is no certificate, neither as PEM nor as DER.", trouble);
        }
    }

    /// <summary>Throws <see cref="CryptographicException"/> for what is neither PEM nor a certificate.</summary>
    internal static List<X509Certificate2> Certificates(ReadOnlySpan<byte> octets)
    {
        var found = new List<X509Certificate2>();
        if (IsDer(octets))
            found.Add(Load(octets));
        else
        {
            while (found.Count < MaxCertificates && NextPem(ref octets, "CERTIFICATE") is { } der)
                found.Add(Load(der.Span));
        }

        return found;
    }

    /// <summary>
    /// Throws <see cref="CryptographicException"/> now for what the platform would read only when it is asked: no certificate that was
    /// loaded surprises later.
    /// </summary>
    internal static X509Certificate2 Load(ReadOnlySpan<byte> der)
    {
        var certificate = X509CertificateLoader.LoadCertificate(der).ReadWhole();
        _ = (certificate.KeyId(), certificate.KeyUsageText(), certificate.KeyBits());
        foreach (var purposes in certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>())
            _ = purposes.EnhancedKeyUsages;
        return certificate;
    }

    /// <summary>DER, or the first PEM block with this label; null when it is neither.</summary>
    internal static ReadOnlyMemory<byte>? Der(ReadOnlyMemory<byte> octets, string label)
    {
        if (IsDer(octets.Span))
            return octets;
        var text = octets.Span;
        return NextPem(ref text, label);
    }

    // The tag of a SEQUENCE is the digit 0 in text, but a length of 128 octets or more is no character of text.
    private static bool IsDer(ReadOnlySpan<byte> octets) => octets.Length > 1 && octets[0] == 0x30 && octets[1] >= 0x80;

    // RFC 7468 §2: other blocks and text before, between and behind do not matter.
    private static ReadOnlyMemory<byte>? NextPem(ref ReadOnlySpan<byte> text, string label)
    {
        var (begin, end) = (Encoding.ASCII.GetBytes($"-----BEGIN {label}-----"), Encoding.ASCII.GetBytes($"-----END {label}-----"));
        if (text.IndexOf(begin) is var start && start < 0)
            return null;
        text = text[(start + begin.Length)..];
        if (text.IndexOf(end) is var length && length < 0)
            return null;
        var der = new byte[Base64.GetMaxDecodedFromUtf8Length(length)];
        var outcome = Base64.DecodeFromUtf8(text[..length], der, out _, out var written);
        text = text[(length + end.Length)..];
        return outcome == OperationStatus.Done ? der.AsMemory(0, written) : null;
    }

    private static string Text(string text) => ScepStageNames.Printable(text);

    private static StatusClientException Local(string message, Exception? inner = null) => new(StatusFault.LocalFile, message, inner);
}
