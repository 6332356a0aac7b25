using System.Reflection;
using System.Runtime.Loader;
using Certctl.Tests.Fixtures;
using SharpFuzz;

namespace Certctl.Tests.Hostile.Fuzz.Targets;

/// <summary>
/// A second copy of the product in this process, with a counter at every branch, and of these tests, so that they meet that copy. The
/// product that all other tests use, and that ships, is as the compiler made it.
/// </summary>
internal sealed class InstrumentedProduct : AssemblyLoadContext
{
    // The platform's CMS with the product: our client's decoders rest on it.
    private static readonly string[] Instrumented =
        ["Certctl.Domain", "Certctl.Application", "Certctl.Infrastructure", "certctl", "System.Security.Cryptography.Pkcs"];
    private static readonly string Tests = typeof(InstrumentedProduct).Assembly.GetName().Name!;

    private readonly string _folder;

    private InstrumentedProduct(string folder)
        : base("instrumented") => _folder = folder;

    /// <summary>Calls <see cref="FuzzRun.Run"/> in the copy. Strings and numbers only: nothing else means the same on both sides.</summary>
    public static string Run(string decoder, long executions, int seconds, int seed, string input) =>
        Entry.Value(decoder, executions, seconds, seed, input);

    private static readonly Lazy<Func<string, long, int, int, string, string>> Entry = new(() =>
    {
        using var folder = new TemporaryFolder();
        foreach (var name in Instrumented.Append(Tests))
            File.Copy(Path.Combine(AppContext.BaseDirectory, name + ".dll"), Path.Combine(folder.Path, name + ".dll"));
        foreach (var name in Instrumented)
            Fuzzer.Instrument(Path.Combine(folder.Path, name + ".dll"), _ => true, Options.Value);
        var context = new InstrumentedProduct(folder.Path);
        foreach (var name in Instrumented)
            context.LoadFromAssemblyName(new AssemblyName(name));
        return context.LoadFromAssemblyName(new AssemblyName(Tests)).GetType(typeof(FuzzRun).FullName!)!
            .GetMethod(nameof(FuzzRun.Run))!.CreateDelegate<Func<string, long, int, int, string, string>>();
    });

    protected override Assembly? Load(AssemblyName assemblyName) =>
        assemblyName.Name is { } name && (name == Tests || Instrumented.Contains(name))
            ? LoadFromAssemblyPath(Path.Combine(_folder, name + ".dll"))
            : null;
}
