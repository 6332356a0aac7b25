using System.Text.RegularExpressions;
using Certctl.Application.Admin.Import;
using Certctl.Application.Challenges.SignedToken;
using Certctl.Application.ClientCertificates;
using Certctl.Application.Enrolments;
using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Est;
using Certctl.Application.Est.CsrAttributes;
using Certctl.Application.Est.ServerKeys;
using Certctl.Application.Issuers;
using Certctl.Application.Publication;
using Certctl.Application.Publication.Ocsp;
using Certctl.Application.Scep;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.Scep;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Architecture;

/// <summary>Coding rules that can be checked by machine.</summary>
public sealed partial class CodingRuleTests
{
    private static readonly string[] ForbiddenFolders =
        [
            "Commands", "Queries", "Interfaces", "Services", "Helpers", "Common", "Models", "Utils", "Utilities", "Managers", "Dtos",
            "Abstractions",
        ];

    private static readonly Type[] OneTypeOfEachAssembly =
        [typeof(Secret), typeof(IScepCodec), typeof(CmsScepCodec), typeof(global::Certctl.Api.Configuration.CertctlOptions)];

    // What is behind an interface that the product implements once, or not at all.
    private static readonly Dictionary<Type, string> OneImplementation = new()
    {
        [typeof(ICsrReader)] = "the platform's readers of ASN.1",
        [typeof(IEnrolmentJournal)] = "the database, with two writers behind it",
        [typeof(ITrustAnchors)] = "files",
        [typeof(IClientTrust)] = "files, and the platform's building of paths",
        [typeof(IEstCodec)] = "the platform's readers of ASN.1",
        [typeof(IScepCodec)] = "private keys, and the platform's CMS",
        [typeof(ICrlWriter)] = "the CA's private key",
        [typeof(ISignsInProcess)] = "the CA's private key",
        [typeof(ISignsElsewhere)] = "a CA outside of the process; RemoteIssuerServer of the tests has one",
        [typeof(IRecallsRequests)] = "likewise",
        [typeof(IForeseesRefusal)] = "an ability of some issuers",
        [typeof(IOcspCodec)] = "the platform's readers of ASN.1",
        [typeof(IOcspSigner)] = "private keys of OCSP responders",
        [typeof(IOcspSigners)] = "files",
        [typeof(ICsrAttributesWriter)] = "the platform's writers of ASN.1",
        [typeof(IServerKeyCodec)] = "private keys, and the platform's CMS",
        [typeof(IServerKey)] = "a private key",
        [typeof(ICertificateImport)] = "the database, of a verb that no deadline bounds",
        [typeof(ICertifiesKeyGeneration)] = "an ability of some issuers",
    };

    [Fact]
    public void An_interface_of_the_application_has_two_implementations_or_a_reason()
    {
        var classes = OneTypeOfEachAssembly.SelectMany(type => type.Assembly.GetTypes())
            .Where(type => type is { IsClass: true, IsAbstract: false }).ToList();
        var few = typeof(IScepCodec).Assembly.GetTypes()
            .Where(type => type.IsInterface && classes.Count(type.IsAssignableFrom) < 2)
            .ToHashSet();

        Assert.Contains(typeof(IScepCodec), few);
        Assert.Empty(few.Except(OneImplementation.Keys));
        Assert.Empty(OneImplementation.Keys.Except(few));
    }

    [Fact]
    public void No_product_file_is_longer_than_three_hundred_lines()
    {
        var tooLong = SourceTree.ProductFiles()
            .Where(file => !SourceTree.IsGenerated(file))
            .Select(file => (file, lines: File.ReadLines(SourceTree.PathOf(file)).Count()))
            .Where(entry => entry.lines > 300);

        Assert.Empty(tooLong);
    }

    [Fact]
    public void Everything_is_caught_in_at_most_one_place()
    {
        // Accidents are handled by one handler; a second catch-all is a place where errors disappear.
        var catches = SourceTree.ProductFiles()
            .SelectMany(file => CatchesEverything().Matches(SourceTree.Read(file)).Select(match => $"{file}: {match.Value}"))
            .ToList();

        Assert.True(catches.Count <= 1, string.Join(Environment.NewLine, catches));
    }

    [Fact]
    public void Usings_are_in_order_with_those_of_the_platform_first()
    {
        foreach (var file in SourceTree.Products.Append("Certctl.Tests").SelectMany(SourceTree.FilesOf)
            .Where(file => Path.GetExtension(file) == ".cs" && !SourceTree.IsGenerated(file)))
        {
            var names = Usings().Matches(SourceTree.Read(file)).Select(match => match.Groups[1].Value).ToList();
            Assert.True(
                names.OrderBy(name => name != "System" && !name.StartsWith("System.", StringComparison.Ordinal))
                    .ThenBy(name => name, StringComparer.OrdinalIgnoreCase).SequenceEqual(names),
                file);
        }
    }

    [Fact]
    public void Folders_are_features_never_kinds()
    {
        var kinds = SourceTree.ProductFiles()
            .Select(file => Path.GetDirectoryName(file)!.Replace('\\', '/'))
            .Distinct()
            // the verbs of the command line
            .Where(folder => folder != "Certctl.Api/Commands" && !folder.StartsWith("Certctl.Api/Commands/", StringComparison.Ordinal))
            .Where(folder => folder.Split('/').Any(part => ForbiddenFolders.Contains(part)));

        Assert.Empty(kinds);
    }

    [Fact]
    public void No_type_and_no_file_is_named_for_what_it_is_not()
    {
        // Generators of the platform write types of their own names into our assemblies.
        var types = OneTypeOfEachAssembly.SelectMany(type => type.Assembly.GetTypes())
            .Select(type => type.FullName!.Split('`')[0]).Where(name => name.StartsWith("Certctl.", StringComparison.Ordinal));
        var files = SourceTree.ProductFiles().Select(file => Path.ChangeExtension(file, null));

        Assert.DoesNotContain(types.Concat(files), name => ForbiddenSuffix().IsMatch(name));
    }

    [Fact]
    public void A_namespace_is_its_folder()
    {
        var astray = SourceTree.ProductFiles()
            .Where(file => file.EndsWith(".cs", StringComparison.Ordinal) && !SourceTree.IsGenerated(file))
            .Select(file => (
                file,
                expected: Path.GetDirectoryName(file)!.Replace('\\', '/').Replace('/', '.'),
                declared: Namespace().Match(SourceTree.Read(file))))
            .Where(entry => entry.declared.Success && entry.declared.Groups[1].Value != entry.expected)
            .Select(entry => $"{entry.file} says {entry.declared.Groups[1].Value}");

        Assert.Empty(astray);
    }

    [Fact]
    public void No_file_that_a_build_makes_is_tracked()
    {
        // A copy of the sources without their history has nothing to ask.
        if (!Path.Exists(SourceTree.PathOf(".git")))
            return;
        var tracked = ExternalTool.RunIn(SourceTree.Root, "git", "-c", "safe.directory=*", "ls-files")
            .MustSucceed().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains("Certctl.sln", tracked);
        Assert.DoesNotContain(tracked, file => file.Split('/')[..^1].Any(folder => folder is "obj" or "bin" or "artifacts"));
    }

    [Fact]
    public void Each_decision_has_the_number_of_its_file_and_the_title_of_the_index()
    {
        var index = SourceTree.Read("docs/adr/README.md");
        var files = Directory.GetFiles(SourceTree.PathOf("docs/adr"), "0*.md")
            .Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal).ToList();
        var titles = files.ConvertAll(file => File.ReadLines(SourceTree.PathOf($"docs/adr/{file}")).First());
        for (var i = 0; i < files.Count; i++)
        {
            Assert.StartsWith($"{i + 1:0000}-", files[i], StringComparison.Ordinal);
            var prefix = $"# {i + 1}. ";
            Assert.True(titles[i].StartsWith(prefix, StringComparison.Ordinal), $"{files[i]} begins with: {titles[i]}");
            Assert.Contains($"| [{i + 1}]({files[i]}) | {titles[i][prefix.Length..]} |\n", index, StringComparison.Ordinal);
        }

        Assert.Equal(titles.Count, titles.Select(title => title.Split(". ", 2)[1]).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(files.Count, index.Split('\n').Count(line => line.StartsWith("| [", StringComparison.Ordinal)));
    }

    [Fact]
    public void Nothing_waits_to_be_written()
    {
        var unfinished = SourceTree.ProductFiles().Where(file => Unfinished().IsMatch(SourceTree.Read(file)));

        Assert.Empty(unfinished);
    }

    // catch (Exception …), and catch without a type unless it only cleans up and throws on.
    [GeneratedRegex(@"catch\s*\(\s*(System\.)?Exception\b[^)]*\)|catch\s*\{(?![^}]*\bthrow;)")]
    private static partial Regex CatchesEverything();

    [GeneratedRegex("(Service|Manager|Helper|Helpers|Util|Utils|Impl|Dto)$")]
    private static partial Regex ForbiddenSuffix();

    [GeneratedRegex(@"^namespace\s+([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"^using ([\w.]+);\r?$", RegexOptions.Multiline)]
    private static partial Regex Usings();

    [GeneratedRegex(@"NotImplementedException|\b(TODO|FIXME|HACK|XXX)\b")]
    private static partial Regex Unfinished();
}
