#include "generate_profile.h"

static const struct generate_device devices[] = {
    {true,
     "\"device_brand\":\"Apple\",\"device_carrier\":\"Unknown\",\"device_family\":\"Apple iPhone\"",
     "\"device_manufacturer\":\"Apple\",\"device_model\":\"iPhone 15\",\"device_type\":\"Apple "
     "iPhone\"",
     "amplitude-flutter/4.3.2_amplitude-swift/1.13.6",
     "\"os_name\":\"ios\",\"os_version\":\"18.5\"", "iOS", "\"3.14.2\""},
    {true,
     "\"device_brand\":\"Apple\",\"device_carrier\":\"Vodafone\",\"device_family\":\"Apple iPad\"",
     "\"device_manufacturer\":\"Apple\",\"device_model\":\"iPad Air\",\"device_type\":\"Apple "
     "iPad\"",
     "amplitude-swift/1.11.2", "\"os_name\":\"ipados\",\"os_version\":\"17.6.1\"", "iOS",
     "\"3.13.0\""},
    {false,
     "\"device_brand\":\"samsung\",\"device_carrier\":\"T-Mobile\",\"device_family\":\"Samsung "
     "Galaxy S\"",
     "\"device_manufacturer\":\"samsung\",\"device_model\":\"SM-S921B\",\"device_type\":\"Samsung "
     "Galaxy S24\"",
     "amplitude-analytics-android/1.20.6", "\"os_name\":\"android\",\"os_version\":\"14\"",
     "Android", "\"3.14.1\""},
    {false,
     "\"device_brand\":\"google\",\"device_carrier\":\"\",\"device_family\":\"Google Phone\"",
     "\"device_manufacturer\":\"Google\",\"device_model\":\"Pixel 8\",\"device_type\":\"Google "
     "Pixel 8\"",
     "amplitude-analytics-android/1.21.1", "\"os_name\":\"android\",\"os_version\":\"15\"",
     "Android", "\"3.14.2\""},
    {false, "\"device_brand\":null,\"device_carrier\":null,\"device_family\":\"Windows\"",
     "\"device_manufacturer\":null,\"device_model\":null,\"device_type\":\"Windows\"",
     "amplitude-ts/2.16.1", "\"os_name\":\"Edge\",\"os_version\":\"143\"", "Web", "null"},
    {false, "\"device_brand\":null,\"device_carrier\":null,\"device_family\":\"Windows\"",
     "\"device_manufacturer\":null,\"device_model\":null,\"device_type\":\"Windows\"",
     "amplitude-ts/2.14.0", "\"os_name\":\"Chrome\",\"os_version\":\"138\"", "Web", "null"},
    {false, "\"device_brand\":null,\"device_carrier\":null,\"device_family\":\"Mac OS X\"",
     "\"device_manufacturer\":null,\"device_model\":null,\"device_type\":\"Mac\"",
     "amplitude-ts/2.16.1", "\"os_name\":\"Safari\",\"os_version\":\"18\"", "Web", "null"},
    {false, "\"device_brand\":null,\"device_carrier\":null,\"device_family\":\"Linux\"",
     "\"device_manufacturer\":null,\"device_model\":null,\"device_type\":\"Linux\"",
     "amplitude-ts/2.11.7", "\"os_name\":\"Firefox\",\"os_version\":\"140\"", "Web", "null"},
};

static const struct generate_place places[] = {
    {"Berlin", "Germany", "Land Berlin", "German"},
    {"Z\xc3\xbcrich", "Switzerland", "Zurich", "German"},
    {"S\xc3\xa3o Paulo", "Brazil", "S\xc3\xa3o Paulo", "Portuguese"},
    {"Newcastle upon Tyne", "United Kingdom", "Newcastle upon Tyne", "English"},
    {"Kuala Lumpur", "Malaysia", "Kuala Lumpur", "English"},
    {"\xe6\x9d\xb1\xe4\xba\xac", "Japan", "Tokyo", "Japanese"},
    {"Krak\\u00f3w", "Poland", "Lesser Poland", "Polish"},
    {"Austin", "United States", "Texas", "English"},
    {"Bengaluru", "India", "Karnataka", "English"},
    {"Montr\xc3\xa9"
     "al",
     "Canada", "Quebec", "French"},
    {"L'Hospitalet de Llobregat", "Spain", "Catalonia", "Spanish"},
};

const struct generate_device *generate_device(uint64_t random)
{
    return &devices[random % (sizeof devices / sizeof devices[0])];
}

const struct generate_place *generate_place(uint64_t random)
{
    return &places[random % (sizeof places / sizeof places[0])];
}
