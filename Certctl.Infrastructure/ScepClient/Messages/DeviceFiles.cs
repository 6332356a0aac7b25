using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Certctl.Infrastructure.ScepClient.Messages;

/// <summary>
/// Where key, certificate and chain go. The key is a file of mode 0600 from its first byte and stays <c>….new</c> until the certificate
/// has been verified: an old pair is never lost to an enrolment that fails, and an interrupted enrolment finds its key again.
/// </summary>
public sealed class DeviceFiles(string key, string certificate, string chain)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode WorldReadable = OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    public string Key => key;

    public string Certificate => certificate;

    public string Chain => chain;

    /// <summary>The key of an enrolment that has not ended yet.</summary>
    public string KeyDraft => key + ".new";

    /// <summary>Writes the new key before the request is sent.</summary>
    public void WriteKeyDraft(string pem) => Guarded(KeyDraft, () => WriteWhole(KeyDraft, pem, OwnerOnly));

    /// <summary>After a refusal: the key was never certified.</summary>
    public void DropKeyDraft() => Guarded(KeyDraft, () => File.Delete(KeyDraft));

    /// <summary>Chain, then key, then certificate: each file appears whole, and the certificate last.</summary>
    /// <param name="keyIsDraft">False when the operator brought the key: it stays where it is.</param>
    public void Commit(X509Certificate2 issued, IEnumerable<X509Certificate2> issuers, bool keyIsDraft)
    {
        Guarded(
            chain, () => WriteWhole(chain, string.Concat(issuers.Select(issuer => issuer.ExportCertificatePem() + "\n")), WorldReadable));
        var draft = certificate + ".new";
        Guarded(certificate, () => Write(draft, issued.ExportCertificatePem() + "\n", WorldReadable));
        if (keyIsDraft)
            Guarded(key, () => File.Move(KeyDraft, key, overwrite: true));
        Guarded(certificate, () => File.Move(draft, certificate, overwrite: true));
    }

    /// <summary>Can the folders be written at all? Asked before the challenge is spent.</summary>
    public void CheckFolders()
    {
        foreach (var path in new[] { key, certificate, chain })
        {
            var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
            var probe = Path.Combine(folder, $".certctl-{Guid.NewGuid():N}");
            Guarded(path, () =>
            {
                Directory.CreateDirectory(folder);
                Write(probe, "", OwnerOnly);
                File.Delete(probe);
            });
        }
    }

    private static void WriteWhole(string path, string text, UnixFileMode mode)
    {
        var draft = path + ".part";
        Write(draft, text, mode);
        File.Move(draft, path, overwrite: true);
    }

    private static void Write(string path, string text, UnixFileMode mode)
    {
        // A left-over of a crash may have another mode or be a link: it goes, and CreateNew refuses whatever takes its place.
        File.Delete(path);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = mode;
        using var file = new FileStream(path, options);
        file.Write(Encoding.ASCII.GetBytes(text));
        file.Flush(flushToDisk: true);
    }

    private static void Guarded(string path, Action write)
    {
        try
        {
            write();
        }
        catch (IOException trouble)
        {
            throw Trouble(path, trouble);
        }
        catch (UnauthorizedAccessException trouble)
        {
            throw Trouble(path, trouble);
        }
    }

    private static ScepClientException Trouble(string path, Exception trouble) => new(ScepStage.Write, ScepClientFault.LocalFile,
        $"{path} cannot be written: {trouble.Message}",
        "Check the folder, its permissions and the free space; then run the same command again, the key is kept.",
        trouble);
}
