using Certctl.Tests.Api.Commands.Server;
using Certctl.Tests.Api.Hosting;
using Certctl.Tests.Api.Hosting.Reload;
using Certctl.Tests.Conformance.Api;
using Certctl.Tests.Conformance.Api.Access;
using Certctl.Tests.Conformance.Intune;
using Certctl.Tests.Conformance.Outages;
using Certctl.Tests.Conformance.Rfc8894.Keys;
using Certctl.Tests.Hostile;
using Certctl.Tests.Hostile.Fuzz;
using Certctl.Tests.Interop;
using Xunit;
using Xunit.Abstractions;

[assembly: TestCollectionOrderer("Certctl.Tests.LongestFirst", "Certctl.Tests")]

namespace Certctl.Tests;

/// <summary>
/// The classes that take longest begin first, so that none of them runs alone at the end of the gate; the others follow by name.
/// </summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly Type[] Long =
    [
        typeof(ReplayRaceTests), typeof(WrongClockTests), typeof(FuzzTests), typeof(SecretReloadTests), typeof(MutationTests),
        typeof(PostgresCrashTests), typeof(SqliteCrashTests), typeof(ApiGuardTests), typeof(IntegratorTests), typeof(BulkRevocationTests),
        typeof(MigrateVerbTests), typeof(AlgorithmPolicyTests), typeof(HealthCommandTests),
    ];

    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderBy(Place).ThenBy(collection => collection.DisplayName, StringComparer.Ordinal);

    // A class without a collection of its own choice has one that is named after it.
    private static int Place(ITestCollection collection)
    {
        var place = Array.FindIndex(
            Long, type => collection.DisplayName.EndsWith($" {type.FullName}", StringComparison.Ordinal));
        return place < 0 ? Long.Length : place;
    }
}
