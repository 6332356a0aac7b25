using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Encodings.Web;
using System.Text.Json;
using Certctl.Infrastructure.ScepClient;

namespace Certctl.Api.Commands.Enrolling;

/// <summary>What the verbs of every client share: exit codes, trust, files, and how a result is printed.</summary>
internal static class ClientVerb
{
    public const int Usage = 2;
    public const int Refused = 3;
    public const int StillPending = 4;
    public const int Network = 5;
    public const int Untrusted = 6;
    public const int LocalFile = 7;
    public const int Interrupted = 130;

    // Names and messages stand as they are; the output goes to a terminal or a JSON reader, never into HTML.
    public static readonly JsonSerializerOptions JsonForm = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static TlsTrust Trust(string? file, Func<string, string?> environment)
    {
        var path = file ?? environment("CERTCTL_CA_FILE");
        if (string.IsNullOrEmpty(path))
            return new TlsTrust.SystemRoots();
        var roots = new X509Certificate2Collection();
        ReadFile(path, "CA file", () =>
        {
            roots.ImportFromPemFile(path);
            if (roots.Count == 0)
                roots.Add(X509CertificateLoader.LoadCertificateFromFile(path));
            return roots;
        });
        return new TlsTrust.Roots(roots);
    }

    /// <summary>Reads a file; what goes wrong becomes a sentence that names it.</summary>
    public static T ReadFile<T>(string path, string what, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (IOException trouble)
        {
            throw Unreadable(path, what, trouble);
        }
        catch (UnauthorizedAccessException trouble)
        {
            throw Unreadable(path, what, trouble);
        }
        catch (CryptographicException trouble)
        {
            throw Unreadable(path, what, trouble);
        }
    }

    /// <summary>A file that holds a secret; a line end after it is left out.</summary>
    public static string ReadSecret(string path, string what)
    {
        var text = ReadFile(path, what, () => File.ReadAllText(path)).TrimEnd('\r', '\n');
        return text.Length > 0 ? text : throw Local($"{what} {path} is empty.", "Put the secret into it.");
    }

    /// <summary>The certificate that is to be renewed, which must be valid now.</summary>
    /// <param name="why">Why another one is of no use, and what to do instead.</param>
    public static X509Certificate2 Valid(X509Certificate2 certificate, string path, (string Reason, string Advice) why)
    {
        if (certificate.IsValidAt(TimeProvider.System.GetUtcNow()))
            return certificate;
        using (certificate)
            throw Local(
                $"{path} is not valid now ({certificate.NotBefore.ToUniversalTime():u} to {certificate.NotAfter.ToUniversalTime():u}); "
                    + why.Reason,
                why.Advice);
    }

    /// <summary>10s, 5m, 1h, 500ms, or plain seconds.</summary>
    public static TimeSpan Duration(string option, string text)
    {
        (string Unit, double Seconds)[] units = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("", 1)];
        var (unit, seconds) = units.First(entry => text.EndsWith(entry.Unit, StringComparison.Ordinal));
        if (!double.TryParse(text[..^unit.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            || number * seconds > 30 * 86400)
            throw Misuse($"{option} \"{ScepStageNames.Printable(text)}\" is no duration.", "Examples: 10s, 5m, 1h; at most 30 days.");
        return TimeSpan.FromSeconds(number * seconds);
    }

    public static Task TellAsync(ParseResult parsed, bool json, string text, object value) =>
        json ? parsed.InvocationConfiguration.Output.WriteLineAsync(JsonSerializer.Serialize(value, JsonForm))
        : text.Length > 0 ? parsed.InvocationConfiguration.Output.WriteLineAsync(text)
        : Task.CompletedTask;

    /// <summary>A failure as JSON where that was asked for, and its exit code.</summary>
    public static async Task<int> FailAsync(ParseResult parsed, bool json, int code, (string Stage, string Message, string Advice) what)
    {
        if (json)
        {
            await TellAsync(parsed, json, "", new
            {
                status = "failed",
                stage = what.Stage,
                message = what.Message,
                advice = what.Advice,
                exit_code = code,
            });
        }

        return code;
    }

    public static ScepClientException Misuse(string message, string advice) =>
        new(ScepStage.Prepare, ScepClientFault.Usage, message, advice);

    public static ScepClientException Local(string message, string advice) =>
        new(ScepStage.Prepare, ScepClientFault.LocalFile, message, advice);

    private static ScepClientException Unreadable(string path, string what, Exception trouble) => new(
        ScepStage.Prepare, ScepClientFault.LocalFile,
        $"{what} {path} cannot be read: {trouble.Message}", "Check the path, its permissions and that it is a file of that kind.", trouble);
}
