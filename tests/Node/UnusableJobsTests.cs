using FitCluster.Math.Models;
using FitCluster.Messages;
using Xunit;

namespace FitCluster.Node.Tests;

public sealed class UnusableJobsTests
{
    private static readonly JobName Job = new("job");

    private readonly List<(string Kind, JobName Job)> _givenUp = [];
    private readonly UnusableJobs _jobs;
    private bool _isSeen;

    public UnusableJobsTests() => _jobs = new UnusableJobs(Open, (kind, job) => _givenUp.Add((kind, job)));

    [Fact]
    public void A_shard_whose_data_are_not_seen_here_goes_elsewhere_and_the_job_is_named()
    {
        var error = Assert.Throws<InvalidDataException>(() => _jobs.OpenShard(Job, "spec"));
        Assert.Equal("no such file", error.Message);
        Assert.Equal([("shard", Job)], _givenUp);
        Assert.Equal(["job"], _jobs.Names);
    }

    [Fact]
    public void A_coordinator_whose_data_are_not_seen_here_goes_elsewhere_and_does_not_fail_the_job()
    {
        var error = Assert.Throws<JobNotHereException>(() => _jobs.OpenCoordinator(Job, "spec"));
        Assert.Equal("no such file", error.Message);
        Assert.Equal([("fit", Job)], _givenUp);
        Assert.Equal(["job"], _jobs.Names);
    }

    [Fact]
    public void A_job_that_is_seen_is_opened_and_named_no_more()
    {
        Assert.Throws<InvalidDataException>(() => _jobs.OpenShard(Job, "spec"));
        _isSeen = true;
        Assert.Same(Opened.One, _jobs.OpenShard(Job, "spec"));
        Assert.Same(Opened.One, _jobs.OpenCoordinator(Job, "spec"));
        Assert.Empty(_jobs.Names);
        Assert.Single(_givenUp);
    }

    private IFitJob Open(string spec) => _isSeen && spec == "spec" ? Opened.One : throw new InvalidDataException("no such file");

    private sealed class Opened : IFitJob
    {
        public static Opened One { get; } = new();

        public IFitModel Model => throw new NotSupportedException();

        public int Shards => 1;

        public ShardData Load(ShardId shard) => throw new NotSupportedException();
    }
}
