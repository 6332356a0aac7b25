using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using Certctl.Api.Configuration;
using Certctl.Application.Enrolments;
using Certctl.Application.Scep;
using Certctl.Application.Scep.GetCert;
using Certctl.Infrastructure.Crypto.Est;
using Xunit;

namespace Certctl.Tests.Architecture;

/// <summary>
/// Who may know whom. Read from the compiled assemblies: the metadata names every foreign type that signatures and method bodies touch, so
/// a fully qualified name does not slip through as it would in a search for usings.
/// </summary>
public sealed partial class ReferenceTests
{
    [Theory]
    [InlineData(
        "Certctl.Domain", "Certctl.Application", "Certctl.Infrastructure", "certctl", "Microsoft.", "MediatR", "FluentValidation", "Npgsql",
        "Polly", "System.Security.Cryptography.Pkcs", "System.Net.Http")]
    [InlineData("Certctl.Application", "Certctl.Infrastructure", "certctl", "Microsoft.EntityFrameworkCore", "Microsoft.Data", "Npgsql",
        "Microsoft.AspNetCore", "Polly", "System.Security.Cryptography.Pkcs", "System.Net.Http")]
    [InlineData("Certctl.Infrastructure", "certctl", "Microsoft.AspNetCore", "MediatR", "FluentValidation")]
    [InlineData("certctl", "Microsoft.EntityFrameworkCore", "System.Security.Cryptography.Pkcs")]
    public void An_assembly_refers_only_to_what_its_layer_may_know(string assembly, params string[] forbidden)
    {
        var found = AssemblyReferences(assembly).Where(name => forbidden.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)));

        Assert.True(!found.Any(), $"{assembly} refers to {string.Join(", ", found)}; see docs/architecture.md, \"Who may know whom\".");
    }

    [Fact]
    public void The_domain_knows_nothing_but_the_base_library()
    {
        var foreign = AssemblyReferences("Certctl.Domain")
            .Where(name => !name.StartsWith("System.", StringComparison.Ordinal) && name != "netstandard");

        Assert.Empty(foreign);
    }

    [Fact]
    public void The_application_touches_neither_files_nor_http()
    {
        string[] forbidden =
            ["System.IO.File", "System.IO.Directory", "System.IO.FileStream", "System.IO.FileInfo", "System.IO.FileSystemWatcher"];

        var found = TypeReferences("Certctl.Application").Where(type => forbidden.Contains(type)
            || type.StartsWith("System.Net.Http.", StringComparison.Ordinal));

        Assert.Empty(found);
    }

    [Fact]
    public void The_core_knows_no_protocol()
    {
        string[] neutral =
        [
            "Enrolments", "Challenges", "Challenges.Static", "Challenges.Renewal", "Challenges.SignedToken",
            "Issuers", "Publication", "ClientCertificates",
        ];
        var core = typeof(EnrolmentContext).Assembly.GetTypes()
            .Where(type => neutral.Any(folder => IsIn(type, $"Certctl.Application.{folder}"))).ToList();

        var found = core.SelectMany(type => TypeUses.Of(type)
            .Where(used => IsIn(used, "Certctl.Application.Scep") || IsIn(used, "Certctl.Application.Est"))
            .Select(used => $"{type.FullName} uses {used.FullName}"));

        Assert.All(neutral, folder => Assert.Contains(core, type => IsIn(type, $"Certctl.Application.{folder}")));
        Assert.Empty(found);
    }

    [Theory]
    [InlineData("Certctl.Application.Scep", "Certctl.Application.Est")]
    [InlineData("Certctl.Application.Est", "Certctl.Application.Scep")]
    [InlineData("Certctl.Infrastructure.Crypto.Est", "Certctl.Application.Scep")]
    [InlineData("Certctl.Infrastructure.Crypto.Est", "Certctl.Infrastructure.Crypto.Scep")]
    [InlineData("Certctl.Infrastructure.Crypto.Scep", "Certctl.Application.Est")]
    [InlineData("Certctl.Infrastructure.Crypto.Scep", "Certctl.Infrastructure.Crypto.Est")]
    [InlineData("Certctl.Api.Est", "Certctl.Api.Scep")]
    [InlineData("Certctl.Api.Est", "Certctl.Application.Scep")]
    [InlineData("Certctl.Api.Scep", "Certctl.Api.Est")]
    [InlineData("Certctl.Api.Scep", "Certctl.Application.Est")]
    [InlineData("Certctl.Api.Configuration.Est", "Certctl.Api.Configuration.Scep")]
    [InlineData("Certctl.Api.Commands.Est", "Certctl.Api.Commands.Scep")]
    [InlineData("Certctl.Api.Commands.Scep", "Certctl.Api.Commands.Est")]
    public void No_protocol_knows_another(string protocol, string other)
    {
        Assembly[] layers = [typeof(EnrolmentContext).Assembly, typeof(EstCodec).Assembly, typeof(CertctlOptions).Assembly];
        var own = layers.SelectMany(layer => layer.GetTypes()).Where(type => IsIn(type, protocol)).ToList();

        Assert.NotEmpty(own);
        Assert.Empty(own.SelectMany(type => TypeUses.Of(type)
            .Where(used => IsIn(used, other)).Select(used => $"{type.FullName} uses {used.FullName}")));
    }

    [Fact]
    public void No_challenge_kind_knows_another_and_the_core_knows_none()
    {
        const string Kinds = "Certctl.Application.Challenges.";
        var types = typeof(EnrolmentContext).Assembly.GetTypes();
        var kinds = types.Select(type => type.Namespace).OfType<string>()
            .Where(space => space.StartsWith(Kinds, StringComparison.Ordinal)).Distinct().ToList();
        var apart = types.Where(type =>
            kinds.Contains(type.Namespace!)
            || IsIn(type, "Certctl.Application.Enrolments")
            || type.Namespace == "Certctl.Application.Challenges");

        var found = apart.SelectMany(type => TypeUses.Of(type)
            .Where(used => used.Namespace != type.Namespace && kinds.Contains(used.Namespace!))
            .Select(used => $"{type.FullName} uses {used.FullName}"));

        Assert.True(kinds.Count >= 3, string.Join(", ", kinds));
        Assert.Empty(found);
    }

    [Fact]
    public void What_a_type_uses_is_seen_in_signatures_and_in_bodies()
    {
        Assert.Contains(typeof(ScepReply), TypeUses.Of(typeof(IScepCodec)));

        // Made by a method whose signature names the base class alone.
        var dispatch = typeof(ScepResponder).Assembly.GetType("Certctl.Application.Scep.ScepDispatch", throwOnError: true)!;
        Assert.Contains(typeof(GetCertCommand), TypeUses.Of(dispatch));
    }

    [Fact]
    public void The_domain_does_not_log()
    {
        Assert.DoesNotContain(
            TypeReferences("Certctl.Domain"), type => type.Contains("Logging", StringComparison.Ordinal) || type == "System.Console");
    }

    [Fact]
    public void The_API_reaches_the_infrastructure_only_where_the_host_is_composed_and_in_the_verbs()
    {
        string[] allowed =
            ["Certctl.Api/Hosting/", "Certctl.Api/Commands/", "Certctl.Api/Configuration/Preflight", "Certctl.Api/Program.cs"];

        var found = SourceTree.FilesOf("Certctl.Api")
            .Where(file => !allowed.Any(prefix => file.StartsWith(prefix, StringComparison.Ordinal)))
            .Where(file => UsesInfrastructure().IsMatch(SourceTree.Read(file)));

        Assert.Empty(found);
    }

    [Fact]
    public void The_command_bus_stays_in_the_application()
    {
        // MediatR is known to the pipeline, the commands with their handlers, and the responders that send; to nothing else.
        var found = SourceTree.ProductFiles()
            .Where(file => !file.StartsWith("Certctl.Application/", StringComparison.Ordinal)
                && !file.StartsWith("Certctl.Api/Hosting/", StringComparison.Ordinal))
            .Where(file => UsesMediatR().IsMatch(SourceTree.Read(file)));

        Assert.Empty(found);
    }

    private static bool IsIn(Type type, string space) =>
        type.Namespace == space || type.Namespace?.StartsWith(space + ".", StringComparison.Ordinal) == true;

    private static List<string> AssemblyReferences(string assembly)
    {
        using var pe = Open(assembly, out var metadata);
        var names = metadata.AssemblyReferences.Select(handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name)).ToList();
        Assert.NotEmpty(names);
        return names;
    }

    private static List<string> TypeReferences(string assembly)
    {
        using var pe = Open(assembly, out var metadata);
        var names = metadata.TypeReferences.Select(metadata.GetTypeReference)
            .Select(type => $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}").ToList();
        Assert.NotEmpty(names);
        return names;
    }

    private static PEReader Open(string assembly, out MetadataReader metadata)
    {
        var pe = new PEReader(File.OpenRead(Path.Combine(AppContext.BaseDirectory, assembly + ".dll")));
        metadata = pe.GetMetadataReader();
        return pe;
    }

    [GeneratedRegex(@"^\s*using\s+(static\s+)?Certctl\.Infrastructure\b|\bCertctl\.Infrastructure\.\w", RegexOptions.Multiline)]
    private static partial Regex UsesInfrastructure();

    [GeneratedRegex(@"^\s*using\s+MediatR\b|\bMediatR\.\w", RegexOptions.Multiline)]
    private static partial Regex UsesMediatR();
}
