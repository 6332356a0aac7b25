using System.Security.Cryptography;
using Certctl.Api.Commands.Enrolling;
using Certctl.Infrastructure.EstClient;
using Certctl.Infrastructure.EstClient.Messages;
using Certctl.Infrastructure.ScepClient.Messages;

namespace Certctl.Api.Commands.Est;

/// <summary>
/// The key and the request of one enrolment on disk: an interrupted or pending one goes on with the same octets, by which a server knows it
/// again (an EC key never signs twice alike).
/// </summary>
internal sealed class EstRequestFiles(DeviceFiles files, EstEnrollOptions options, string? passphrase, Action<string> note)
{
    private readonly string _request = Path.ChangeExtension(files.Key, ".csr");

    /// <summary>False when the operator brought the key: it stays where it is.</summary>
    public bool KeyIsDraft => options.Enrol.Key is null;

    /// <summary>Where the key is while nothing has been issued.</summary>
    public string KeyKept => options.Enrol.Key ?? files.KeyDraft;

    /// <summary>Where the key is in the end.</summary>
    public string KeyFile => options.Enrol.Key ?? files.Key;

    public string CertificateFile => files.Certificate;

    public string ChainFile => files.Chain;

    /// <summary>Before the first packet.</summary>
    public void Check()
    {
        if (KeyIsDraft && !options.Enrol.Force && File.Exists(files.Key))
            throw EstVerb.Local($"the key file {files.Key} exists.",
                "Choose another with --out or --key-out, or replace it with --force (it stays until the new certificate is verified).");
        if (options.Resume && !File.Exists(KeyKept))
            throw EstVerb.Local($"there is no {KeyKept} to resume with.",
                "Name the key of the pending request with --key, or leave out --resume.");
        if (options.Resume && !File.Exists(_request))
            throw EstVerb.Local($"there is no {_request} to resume with.", "Leave out --resume: the request is made anew.");
        files.CheckFolders();
    }

    /// <summary>The operator's key, the one of an unfinished run, or a new one.</summary>
    public AsymmetricAlgorithm TakeKey(CsrPlan plan)
    {
        if (options.Enrol.Key is { } existing)
            return DeviceKey.Load(existing, passphrase);
        if (!File.Exists(files.KeyDraft) || (options.Enrol.Force && !options.Resume))
            return DeviceKey.Create(plan.KindOf(options.KeyKind));
        note($"using the key of an unfinished enrolment, {files.KeyDraft} (delete it to start with a new key).");
        return DeviceKey.Load(files.KeyDraft, passphrase);
    }

    /// <summary>The request that was kept, where it asks for the same, else <paramref name="made"/>.</summary>
    public byte[] TakeRequest(AsymmetricAlgorithm key, Func<byte[]> made)
    {
        var kept = File.Exists(_request) ? ReadRequest() : null;
        var isForKey = kept is not null && EstRequest.PublicKeyOf(kept)?.AsSpan().SequenceEqual(key.ExportSubjectPublicKeyInfo()) == true;
        if (options.Resume)
            return isForKey ? kept! : throw EstVerb.Local($"{_request} is not the request for the key {KeyKept}.",
                "Leave out --resume: the request is made anew.");
        var request = made();
        return isForKey && EstRequest.AsksTheSame(kept, request) ? kept! : request;
    }

    /// <summary>Key and request are on disk before the request is sent.</summary>
    public void Keep(AsymmetricAlgorithm key, byte[] request)
    {
        if (KeyIsDraft)
            files.WriteKeyDraft(DeviceKey.ToPem(key, passphrase));
        Guarded(() => PrivateFile.WriteIfChanged(_request, PemEncoding.WriteString("CERTIFICATE REQUEST", request) + "\n"));
    }

    /// <summary>The certificate is verified: everything to its place.</summary>
    public void Commit(EstEnd.Issued issued)
    {
        if (issued.Key is { } made)
            files.WriteKeyDraft(DeviceKey.ToPem(made, passphrase));
        files.Commit(issued.Certificate, issued.Chain, KeyIsDraft);
        Guarded(() => File.Delete(_request));
    }

    /// <summary>After a refusal: the key was never certified.</summary>
    public void Drop()
    {
        if (KeyIsDraft)
            files.DropKeyDraft();
        Guarded(() => File.Delete(_request));
    }

    private byte[] ReadRequest() => ClientVerb.ReadFile(_request, "certificate request", () =>
    {
        var text = File.ReadAllText(_request);
        return PemEncoding.TryFind(text, out var fields)
            ? Convert.FromBase64String(text[fields.Base64Data])
            : throw new CryptographicException("there is no PEM in it.");
    });

    private void Guarded(Action write)
    {
        try
        {
            write();
        }
        catch (IOException trouble)
        {
            throw Unwritable(trouble);
        }
        catch (UnauthorizedAccessException trouble)
        {
            throw Unwritable(trouble);
        }
    }

    private EstClientException Unwritable(Exception trouble) => new(EstStage.Write, EstFault.LocalFile,
        $"{_request} cannot be written: {trouble.Message}",
        "Check the folder, its permissions and the free space; then run the same command again, the key is kept.", trouble);
}
