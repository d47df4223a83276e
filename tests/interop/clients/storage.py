"""The upload bucket, its temporary key, image assets and statistics, through the vendor's SDKs."""

from telling import answer, expect, part, tell


def bucket(client, service, store, package):
    part("the bucket's options, and an upload in parts that cos-python-sdk-v5 signs itself with a temporary key")
    client.call("UpdateBucketAccelerateOpt", Allowed=True)
    client.call("UpdateBucketCORSOpt", AllowedOrigins=["*"], AllowedMethods=["GET", "PUT"], AllowedHeaders=["*"], MaxAgeSeconds=60)
    name = client.call("GetUploadCredentials", AssetRegion=service.region, BucketKey="temporary.zip")["BucketName"]
    granted = client.call("GetUploadFederationToken")
    key = granted["AssetCredentials"]
    put = store.put_with_key(key, name, "temporary.zip", package)
    if not put.get("ETag"):
        raise AssertionError(f"the upload was answered with {put}")
    said = store.refusal(lambda: store.put(name, "other.zip", "q-sign-algorithm=sha1", b""))
    expect({"code": said.get_error_code()}, code="AccessDenied")
    answer(f"in parts of 1 MB; a wrong authorization is told as {said.get_error_code()}: {said.get_error_msg()}")
    tell(driven="GetUploadFederationToken", client=store.name)
    made = client.call(
        "CreateAsset",
        BucketKey="temporary.zip",
        AssetName="temporary",
        AssetVersion="1.0",
        AssetRegion=service.region,
        OperateSystem="CentOS7.16",
    )
    client.call("DeleteAsset", AssetId=made["AssetId"])


def images(client, service):
    part("an image asset")
    image = {"ImageId": "img-interop1", "ImageOs": "CentOS 7.6", "ImageSize": "20GB", "ImageType": "SHARED_IMAGE"}
    system = {"OsBit": 64, "OsType": "CentOS", "AssetRegion": service.region}
    made = client.call("CreateAssetWithImage", AssetName="image", AssetVersion="1.0", **image, **system)
    found = client.call("DescribeAsset", AssetId=made["AssetId"])["Asset"]
    expect(found, ResourceType="IMAGE", SharingStatus="SHARED_IMAGE", Size="20GB", Stauts=2)
    client.call("DeleteAsset", AssetId=made["AssetId"])


def statistics(client, fleet):
    part("statistics")
    summary = client.call("DescribeFleetStatisticSummary", FleetId=fleet)
    details = client.call("DescribeFleetStatisticDetails", FleetId=fleet, Offset=0, Limit=10)
    flows = client.call("DescribeFleetStatisticFlows", FleetId=fleet, Offset=0, Limit=10)
    expect(details, TimeType="HOUR")
    expect(flows, TimeType="HOUR")
    answer(f"{summary['TotalUsedTimeSeconds']} s of running time, {details['TotalCount']} rows, {flows['TotalCount']} buckets")
