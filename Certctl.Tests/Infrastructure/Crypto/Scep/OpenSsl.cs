using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Xunit;
using Xunit.Abstractions;

namespace Certctl.Tests.Infrastructure.Crypto.Scep;

/// <summary>An independent reader and writer of CMS: the machine's <c>openssl</c>.</summary>
internal static class OpenSsl
{
    private static readonly Lazy<bool> Present = new(() =>
        (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(':')
            .Any(folder => File.Exists(Path.Combine(folder, "openssl"))));

    private static readonly Lazy<DirectoryInfo> Folder = new(() => Directory.CreateTempSubdirectory("certctl-test"));

    /// <summary>False, after saying so, where there is none; in CI that is a failure.</summary>
    public static bool IsAvailable(ITestOutputHelper output)
    {
        if (!Present.Value)
        {
            output.WriteLine("Skipped: no openssl on the PATH.");
            Assert.NotEqual("true", Environment.GetEnvironmentVariable("CI"));
        }

        return Present.Value;
    }

    /// <summary>Path of a file with these octets.</summary>
    public static string TempFile(byte[] content)
    {
        var path = Path.Combine(Folder.Value.FullName, Guid.NewGuid().ToString("N"));
        File.WriteAllBytes(path, content);
        return path;
    }

    public static string Pem(X509Certificate2 certificate) =>
        TempFile(System.Text.Encoding.ASCII.GetBytes(certificate.ExportCertificatePem()));

    public static string Pem(RSA key) => TempFile(System.Text.Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem()));

    /// <summary>What openssl writes when it reads <paramref name="input"/>; fails the test when it says no.</summary>
    public static byte[] Run(byte[] input, params string[] arguments)
    {
        var start = new ProcessStartInfo("openssl", arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        process.StandardInput.BaseStream.Write(input);
        process.StandardInput.Close();
        using var answer = new MemoryStream();
        process.StandardOutput.BaseStream.CopyTo(answer);
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"openssl {string.Join(' ', arguments)}: {errors}");
        return answer.ToArray();
    }
}
