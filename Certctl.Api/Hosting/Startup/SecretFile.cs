using System.Text;
using Certctl.Infrastructure.Crypto.Keys;

namespace Certctl.Api.Hosting.Startup;

/// <summary>
/// The text of a file that a <c>NAME_FILE</c> variable names. Whatever another program may have added to the secret is told, because a
/// device would be told no more than "wrong".
/// </summary>
internal static class SecretFile
{
    private const int MaxLength = 64 * 1024;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The secret, or null with a problem.</summary>
    /// <param name="name">Of the variable.</param>
    public static string? Read(string name, string path, ICollection<string> problems, ICollection<string> warnings)
    {
        var before = problems.Count;
        var text = ReadText(
            path, problem => problems.Add($"{name}: {path} {problem}"), warning => warnings.Add($"{name}: {path} {warning}"));
        if (text is null)
            return null;

        // One line end: that is the editor's.
        text = text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2] : text.EndsWith('\n') ? text[..^1] : text;
        if (text.Length == 0)
            problems.Add($"{name}: {path} is empty.");
        else if (text.EndsWith('\n') || text.EndsWith('\r') || text.StartsWith('\n') || text.StartsWith('\r'))
            problems.Add($"{name}: {path} has an empty line or a stray line end before or after the secret. Write it again without: "
                + $"printf '%s' SECRET > '{path}'");
        return problems.Count == before ? text : null;
    }

    private static string? ReadText(string path, Action<string> problem, Action<string> warning)
    {
        try
        {
            if (Directory.Exists(path))
            {
                problem("is a folder; name the file in it.");
                return null;
            }

            // Bounded: a path such as /dev/zero must not fill the memory.
            using var file = File.OpenRead(path);
            if (!OperatingSystem.IsWindows() && KeyFileMode.Of(file.SafeFileHandle) is { OpenTo: { } whom } mode)
                warning($"can be read by {whom}; {mode.Remedy(path)}");
            var octets = new byte[MaxLength + 1];
            var length = file.ReadAtLeast(octets, octets.Length, throwOnEndOfStream: false);
            if (length > MaxLength)
            {
                problem($"is larger than {MaxLength / 1024} KiB, which no secret is.");
                return null;
            }

            return Decode(octets.AsSpan(0, length), problem);
        }
        catch (IOException unreadable)
        {
            problem($"cannot be read: {unreadable.Message}");
        }
        catch (UnauthorizedAccessException)
        {
            problem("cannot be read by this user.");
        }

        return null;
    }

    private static string? Decode(ReadOnlySpan<byte> octets, Action<string> problem)
    {
        if (TextEncodings.IsUtf16(octets))
        {
            problem("is UTF-16, as Windows writes it. Convert it: iconv -f UTF-16 -t UTF-8 FILE");
            return null;
        }

        if (octets.Contains((byte)0))
        {
            problem("holds a NUL.");
            return null;
        }

        try
        {
            return Strict.GetString(octets.StartsWith(TextEncodings.Utf8Mark) ? octets[TextEncodings.Utf8Mark.Length..] : octets);
        }
        catch (DecoderFallbackException)
        {
            problem("is not UTF-8 text.");
            return null;
        }
    }
}
